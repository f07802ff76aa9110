const SLASH = 0x2f;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const IS_WINDOWS = process.platform === 'win32';

/**
 * Whether a name from a repository may become a name in a folder: one component, nothing that leads elsewhere. The name
 * lies from `start` to `end` in the bytes.
 */
export function isSafeName(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  const length = end - start;
  if (length === 0) return false;
  if (bytes[start] === DOT && (length === 1 || (length === 2 && bytes[start + 1] === DOT))) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === SLASH || byte === 0) return false;
    // On Windows also what separates or names streams and drives.
    if (IS_WINDOWS && (byte === BACKSLASH || byte === COLON)) return false;
  }
  return true;
}

const MOST_BYTES = 255;
/** What is longer behind a dot is no ending. */
const LONGEST_ENDING = 32;

/**
 * A free-standing name beside an existing one: `report (restored).txt`, then `report (restored 2).txt`. Long names are cut, between
 * characters, so that those of two files may be the same.
 */
export function besideName(name: Uint8Array, attempt: number): Uint8Array {
  const bytes = Buffer.from(name);
  const dot = bytes.lastIndexOf('.');
  const stem = dot > 0 && bytes.length - dot <= LONGEST_ENDING ? dot : bytes.length;
  const mark = Buffer.from(attempt === 1 ? ' (restored)' : ` (restored ${attempt})`);
  let end = Math.min(stem, MOST_BYTES - mark.length - (bytes.length - stem));
  while (end > 1 && end < stem && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return Buffer.concat([bytes.subarray(0, end), mark, bytes.subarray(stem)]);
}
