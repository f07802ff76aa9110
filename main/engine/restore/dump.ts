import { TriplicateError } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { readBlob, readTree } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';
import { pathText } from '../walk/walk-tree.ts';
import { segmentsOf } from './include.ts';

/** The entry at a path of a snapshot, reading only the directories on the way. @throws `path/not-found`, `repo/…` */
export async function findEntry(
  repository: Repository,
  index: BlobIndex,
  root: TreeId,
  path: string | Uint8Array,
  signal?: AbortSignal,
): Promise<TreeNode> {
  const segments = segmentsOf(path);
  let tree: TreeId | undefined = root;
  let node: TreeNode | undefined;
  for (const name of segments) {
    const nodes: readonly TreeNode[] = tree ? await readTree(repository, index, tree, signal) : [];
    node = nodes.find((candidate) => Buffer.compare(candidate.name, name) === 0);
    if (!node) break;
    tree = node.subtree;
  }
  if (node) return node;
  throw new TriplicateError('path/not-found', `The snapshot does not contain ${pathText(segments)}.`);
}

/** A file's content, blob by blob, each verified; at most `maxBytes`. @throws `path/not-found` for what is not a file */
export async function* dumpFile(
  repository: Repository,
  index: BlobIndex,
  node: TreeNode,
  options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  if (node.type !== 'file') throw new TriplicateError('path/not-found', 'Only a file has content to show.');
  let left = options.maxBytes ?? Number.POSITIVE_INFINITY;
  for (const id of node.content ?? []) {
    if (left <= 0) return;
    const bytes = await readBlob(repository, index, 'data', id, options.signal);
    yield bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= bytes.length;
  }
}
