import { hasCode } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import type { PackEntry } from '../format/pack.ts';
import type { Repository } from '../repository/repository.ts';
import type { ByteRange } from '../store/store.ts';

/** The stretch of a pack in which these lie; there may be hundreds of thousands of them. */
export function spanOf(blobs: readonly PackEntry[]): ByteRange {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { offset, length } of blobs) {
    from = Math.min(from, offset);
    to = Math.max(to, offset + length);
  }
  return { offset: from, length: to - from };
}

/** Undefined when it cannot be read. @throws `store/…`, but for what is missing or damaged */
export async function readStretch(
  repository: Repository,
  { id }: IndexedPack,
  { offset, length }: ByteRange,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await repository.store.get({ type: 'data', id }, { offset, length }, signal);
  } catch (error) {
    if (!hasCode(error, 'store/not-found', 'store/corrupt')) throw error;
    return undefined;
  }
}
