import { hasCode } from '../errors.ts';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import type { BlobId } from '../ids.ts';
import type { BlobIndex, BlobLocation } from '../repository/blob-index.ts';
import { readBlob } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';

/** Lengths of blobs of which an index says different things, as the blobs themselves have them. */
export type MeasuredLengths = ReadonlyMap<BlobId, number>;

/** Plaintext length of a data blob as it was measured, else as the index says it; undefined when no index names the blob. */
export function contentLength(index: BlobIndex, id: BlobId, measured: MeasuredLengths): number | undefined {
  if (measured.size > 0 && measured.has(id)) return measured.get(id);
  const place = index.lookup('data', id);
  return place && lengthAt(place);
}

/**
 * Reads the blobs whose copies have different lengths by the index: a damaged entry for one copy must not hide that
 * another is good. Gives whether anything was learned. @throws `store/…`, `cancelled`
 */
export async function measureDoubtful(
  repository: Repository,
  index: BlobIndex,
  content: readonly BlobId[],
  measured: Map<BlobId, number>,
  signal?: AbortSignal,
): Promise<boolean> {
  const before = measured.size;
  for (const id of new Set(content)) {
    if (measured.has(id) || new Set(index.lookupAll('data', id).map(lengthAt)).size < 2) continue;
    try {
      measured.set(id, (await readBlob(repository, index, 'data', id, signal)).length);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged')) throw error;
    }
  }
  return measured.size > before;
}

function lengthAt({ length, uncompressedLength }: BlobLocation): number {
  return uncompressedLength || length - SEAL_OVERHEAD;
}
