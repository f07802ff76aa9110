import { fromWire, type WireError } from '../errors.ts';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import type { BlobType } from '../format/pack.ts';
import type { TreeNode } from '../format/tree.ts';
import type { BlobId, TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import { BlobSet } from './blob-set.ts';
import { markReachable } from './reachable.ts';
import { type PathSegments, walkTree } from './walk-tree.ts';

/** What a restore of a tree would make: entries of every type, and bytes; a file with several names counts once. */
export async function countRestored(
  repository: Repository,
  index: BlobIndex,
  tree: TreeId,
  signal?: AbortSignal,
): Promise<{ readonly entries: number; readonly bytes: number }> {
  const inodes = new Set<string>();
  let entries = 0;
  let bytes = 0;
  const visitor = {
    entry: (_path: PathSegments, node: TreeNode) => {
      entries++;
      const inode = `${node.deviceId ?? 0n}:${node.inode ?? 0n}`;
      if (!node.inode || !inodes.has(inode)) bytes += node.size;
      inodes.add(inode);
      return 'descend' as const;
    },
    unreadable: (_path: PathSegments, _tree: TreeId, error: WireError) => {
      throw fromWire(error);
    },
  };
  await walkTree(repository, index, tree, visitor, signal);
  return { entries, bytes };
}

/** The blobs that these trees need, each once. Bytes as stored and as they are outside, before compression. */
export async function countStored(
  repository: Repository,
  index: BlobIndex,
  trees: Iterable<TreeId>,
  signal?: AbortSignal,
): Promise<{ readonly blobs: number; readonly bytes: number; readonly plainBytes: number }> {
  const counted = new BlobSet();
  let bytes = 0;
  let plainBytes = 0;
  const count = (type: BlobType, id: BlobId | TreeId): void => {
    if (counted.add(type, id as BlobId) === 'known') return;
    const place = index.lookup(type, id as BlobId);
    bytes += place?.length ?? 0;
    plainBytes += place ? place.uncompressedLength || place.length - SEAL_OVERHEAD : 0;
  };
  const handlers = {
    tree: (id: TreeId, nodes: readonly TreeNode[]) => {
      count('tree', id);
      for (const { content } of nodes) for (const blob of content ?? []) count('data', blob);
    },
    unreadable: (_id: TreeId, error: WireError) => {
      throw fromWire(error);
    },
  };
  await markReachable(repository, index, trees, new BlobSet(), handlers, signal);
  return { blobs: counted.size, bytes, plainBytes };
}
