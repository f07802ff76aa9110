import { createHash } from 'node:crypto';
import type { BytePath } from './byte-path.ts';
import type { Listing } from './listing.ts';

export const PRINT_BYTES = 32;

/**
 * A print of what is in a directory: the SHA-256 of its path, all names, and all that lstat says of each. When it is the same
 * as before, nothing in the directory itself has changed, by the rule by which a file counts as unchanged: size, times, inode.
 */
export function printOf(path: BytePath, { count, excluded, names, ends, stats }: Omit<Listing, 'print'>): Uint8Array {
  const head = Buffer.from(`${path}\0${count} ${excluded}\0`, 'latin1');
  return createHash('sha256').update(head).update(names).update(ends).update(stats).digest();
}
