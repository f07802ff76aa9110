import { SEAL_OVERHEAD } from '../format/crypto.ts';
import type { BlobId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';

/** Plaintext length of a data blob as the index says it; undefined when no index names the blob. */
export function contentLength(index: BlobIndex, id: BlobId): number | undefined {
  const place = index.lookup('data', id);
  return place && (place.uncompressedLength || place.length - SEAL_OVERHEAD);
}
