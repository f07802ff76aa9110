import { decoded } from '../parts/address.ts';

/** Where in History the person is. */
export interface HistoryPlace {
  readonly mode: 'browse' | 'find';
  readonly folderId?: string;
  readonly text: string;
  /** The hit whose versions are to be shown. A key alone would not do: it is a path within its folder. */
  readonly hit?: HitPlace;
}

export interface HitPlace {
  readonly folderId: string;
  readonly key: string;
}

/** `FOLDER`, `find/TEXT` or `find/TEXT/FOLDER/KEY`: what follows `/history/` in the address. */
export function parseRest(rest: string): HistoryPlace {
  const [first = '', text = '', folderId = '', key = ''] = rest.split('/').map(decoded);
  if (first === 'find') return { mode: 'find', text, ...(key === '' ? {} : { hit: { folderId, key } }) };
  return { mode: 'browse', text: '', ...(first === '' ? {} : { folderId: first }) };
}

/** The address of a hit of the search for `text`. */
export function hitAddress(text: string, { folderId, key }: HitPlace): string {
  return `/history/find/${[text, folderId, key].map(encodeURIComponent).join('/')}`;
}
