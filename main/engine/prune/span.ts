import type { PackEntry } from '../format/pack.ts';

/** The stretch of a pack in which these lie; there may be hundreds of thousands of them. */
export function spanOf(blobs: readonly PackEntry[]): { readonly offset: number; readonly length: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { offset, length } of blobs) {
    from = Math.min(from, offset);
    to = Math.max(to, offset + length);
  }
  return { offset: from, length: to - from };
}
