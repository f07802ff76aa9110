import type { WireError } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { BlobId, TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import type { BlobSet } from './blob-set.ts';
import { loadTrees } from './load-trees.ts';

/** Directories read per round; bounds memory whatever the number of directories. */
const ROUND = 512;

export interface ReachHandlers {
  tree?(id: TreeId, nodes: readonly TreeNode[]): void;
  unreadable(id: TreeId, error: WireError): void;
}

/**
 * Adds every blob that the given roots need to `used`; a directory that is in it already is not read again, so that many
 * snapshots cost what differs between them. @throws `store/…`, `cancelled`
 */
export async function markReachable(
  repository: Repository,
  index: BlobIndex,
  roots: Iterable<TreeId>,
  used: BlobSet,
  handlers: ReachHandlers,
  signal?: AbortSignal,
): Promise<void> {
  const waiting: TreeId[] = [];
  const want = (id: TreeId): void => {
    if (used.add('tree', id) === 'added') waiting.push(id);
  };
  for (const root of roots) want(root);
  while (waiting.length > 0) {
    const round = waiting.splice(-ROUND);
    for (const [id, tree] of await loadTrees(repository, index, round, signal)) {
      if (tree.state === 'unreadable') {
        handlers.unreadable(id, tree.error);
        continue;
      }
      handlers.tree?.(id, tree.nodes);
      for (const node of tree.nodes) {
        if (node.subtree && node.type === 'dir') want(node.subtree);
        for (const content of node.content ?? []) used.add('data', content as BlobId);
      }
    }
  }
}
