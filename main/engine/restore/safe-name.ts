const SLASH = 0x2f;

/** Whether a name from a repository may become a name in a folder: one component, nothing that leads elsewhere. */
export function isSafeName(name: Uint8Array): boolean {
  if (name.length === 0 || name.includes(SLASH) || name.includes(0)) return false;
  const text = Buffer.from(name).toString('latin1');
  if (text === '.' || text === '..') return false;
  // On Windows also what separates or names streams and drives.
  return process.platform !== 'win32' || !/[\\:]/.test(text);
}

/** A free-standing name beside an existing one: `report (restored).txt`, then `report (restored 2).txt`. */
export function besideName(name: Uint8Array, attempt: number): Uint8Array {
  const bytes = Buffer.from(name);
  const dot = bytes.lastIndexOf('.');
  const stem = dot > 0 ? dot : bytes.length;
  const mark = Buffer.from(attempt === 1 ? ' (restored)' : ` (restored ${attempt})`);
  const room = 255 - mark.length - (bytes.length - stem);
  return Buffer.concat([bytes.subarray(0, Math.max(1, Math.min(stem, room))), mark, bytes.subarray(stem)]);
}
