import { hasCode } from '../errors.ts';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import type { BlobIndex, BlobLocation } from '../repository/blob-index.ts';
import { readBlob } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';

/** Lengths of blobs of which an index says different things, as the blobs themselves have them: by number in the index. */
export type MeasuredLengths = ReadonlyMap<number, number>;

/** Plaintext length of a data blob, by its number in the index, as it was measured, else as the index says it. */
export function contentLength(index: BlobIndex, blob: number, measured: MeasuredLengths): number {
  return (measured.size > 0 ? measured.get(blob) : undefined) ?? index.plainLengthAt(blob);
}

/**
 * Reads the blobs whose copies have different lengths by the index: a damaged entry for one copy must not hide that
 * another is good. Gives whether anything was learned. @throws `store/…`, `cancelled`
 */
export async function measureDoubtful(
  repository: Repository,
  index: BlobIndex,
  content: Iterable<number>,
  measured: Map<number, number>,
  signal?: AbortSignal,
): Promise<boolean> {
  const before = measured.size;
  for (const blob of new Set(content)) {
    if (measured.has(blob)) continue;
    const { id } = index.blobAt(blob);
    if (new Set(index.lookupAll('data', id).map(lengthAt)).size < 2) continue;
    try {
      measured.set(blob, (await readBlob(repository, index, 'data', id, signal)).length);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged')) throw error;
    }
  }
  return measured.size > before;
}

function lengthAt({ length, uncompressedLength }: BlobLocation): number {
  return uncompressedLength || length - SEAL_OVERHEAD;
}
