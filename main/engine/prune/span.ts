import type { PackEntry } from '../format/pack.ts';

/** The stretch of a pack in which these lie. */
export function spanOf(blobs: readonly PackEntry[]): { readonly offset: number; readonly length: number } {
  const offset = Math.min(...blobs.map((blob) => blob.offset));
  return { offset, length: Math.max(...blobs.map((blob) => blob.offset + blob.length)) - offset };
}
