import { hash } from 'node:crypto';
import type { BytePath } from './byte-path.ts';
import type { Listing } from './listing.ts';

export const PRINT_BYTES = 32;

let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A print of what is in a directory: the SHA-256 of its path, all names, and all that lstat says of each. When it is the same
 * as before, nothing in the directory itself has changed, by the rule by which a file counts as unchanged: size, times, inode.
 */
export function printOf(path: BytePath, { count, excluded, names, ends, stats }: Omit<Listing, 'print'>): Uint8Array {
  const head = Buffer.from(`${path}\0${count} ${excluded}\0`, 'latin1');
  const columns = [head, names, bytesOf(ends), bytesOf(stats)];
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length * 2);
  let at = 0;
  for (const column of columns) {
    scratch.set(column, at);
    at += column.length;
  }
  return hash('sha256', scratch.subarray(0, length), 'buffer');
}

function bytesOf(column: Uint32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
