/** Where in History the person is. */
export interface HistoryPlace {
  readonly mode: 'browse' | 'find';
  readonly folderId?: string;
  readonly text: string;
  readonly key?: string;
}

/** `FOLDER`, `find/TEXT` or `find/TEXT/KEY`: what follows `/history/` in the address. */
export function parseRest(rest: string): HistoryPlace {
  const [first = '', text = '', key] = rest.split('/').map(decode);
  if (first === 'find') return { mode: 'find', text, ...(key === undefined || key === '' ? {} : { key }) };
  return { mode: 'browse', text: '', ...(first === '' ? {} : { folderId: first }) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
