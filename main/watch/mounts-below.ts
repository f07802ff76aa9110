import { readFile } from 'node:fs/promises';

/** What is mounted below a folder now, each with the system's number of it. One character a byte, as `InotifyTree` has paths. */
export async function mountsBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const lines = (await readFile('/proc/self/mountinfo', 'latin1').catch(() => '')).split('\n');
  const found = new Map<string, string>();
  for (const line of lines) {
    const [number = '', , , , escaped = ''] = line.split(' ');
    const path = unescaped(escaped);
    // Of several at one place the last one is seen.
    if (path.startsWith(folder === '/' ? folder : `${folder}/`)) found.set(path, number);
  }
  return found;
}

/** A word of the system's lists of mounts, which has spaces as octal numbers. */
export function unescaped(word: string): string {
  return word.replace(/\\(\d{3})/g, (_all, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
