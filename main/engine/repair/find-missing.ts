import type { BlobType } from '../format/pack.ts';
import type { BlobId, TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { markReachable } from '../walk/reachable.ts';

/** A blob by its kind and its id. */
export interface BlobName {
  readonly type: BlobType;
  readonly id: BlobId;
}

/**
 * What the trees need and the index does not name (or names in packs that are set aside), and directories that cannot be
 * read. What such a directory needs is not known before it is back. @throws `store/…`, `cancelled`
 */
export async function findMissing(
  repository: Repository,
  index: BlobIndex,
  trees: Iterable<TreeId>,
  signal: AbortSignal,
): Promise<readonly BlobName[]> {
  const missing: BlobName[] = [];
  const noted = new BlobSet();
  const note = (type: BlobType, id: BlobId): void => {
    if (noted.add(type, id) === 'added') missing.push({ type, id });
  };
  const handlers = {
    tree: (_id: TreeId, nodes: readonly { readonly content: readonly BlobId[] | null }[]) => {
      for (const { content } of nodes) for (const id of content ?? []) if (!index.has('data', id)) note('data', id);
    },
    unreadable: (id: TreeId) => note('tree', id as string as BlobId),
  };
  await markReachable(repository, index, trees, new BlobSet(), handlers, signal);
  return missing;
}
