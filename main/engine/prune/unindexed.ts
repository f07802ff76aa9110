import { hasCode, throwIfCancelled } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import type { PackId } from '../ids.ts';
import { inParallel } from '../repository/in-parallel.ts';
import { readPackHeader } from '../repository/read-pack-header.ts';
import type { Repository } from '../repository/repository.ts';
import type { StoredFile } from '../store/store.ts';
import type { BlobSet } from '../walk/blob-set.ts';

/**
 * Those of the packs in no index that hold something that is used, by their own headers. An aborted run leaves such packs, and
 * so does a listing that leaves out the index file that names them: the copy that an index knows may be the damaged one.
 * What has no header that can be read is what an interrupted upload left, and holds nothing for anybody.
 * @throws `store/…`, but for what is gone or damaged
 */
export async function findUsedUnindexed(
  repository: Repository,
  unindexed: readonly StoredFile[],
  used: BlobSet,
  signal: AbortSignal,
): Promise<readonly IndexedPack[]> {
  const found = new Map<string, IndexedPack>();
  await inParallel(unindexed, repository.store.capabilities.connections, async (pack) => {
    throwIfCancelled(signal);
    try {
      const blobs = await readPackHeader(repository, pack, signal);
      if (blobs.some(({ type, id }) => used.has(type, id))) found.set(pack.id, { id: pack.id as PackId, blobs });
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'store/corrupt', 'store/not-found')) throw error;
    }
  });
  // In the order of the listing, so that a plan comes out the same each time.
  return unindexed.flatMap(({ id }) => found.get(id) ?? []);
}
