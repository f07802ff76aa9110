import { latin1 } from '../../catalog/catalog.ts';
import { type BlobIndex, loadTrees, type Repository, readTree, type TreeNode } from '../../engine/engine.ts';
import { fromWire } from '../../engine/errors.ts';
import type { TreeId } from '../../engine/ids.ts';
import type { SampleLimit } from './calls.ts';

export interface SampleRequest {
  readonly repository: Repository;
  readonly index: BlobIndex;
  /** The folder's own tree. */
  readonly tree: TreeId;
  readonly limit: SampleLimit;
  /** A number from 0 up to, not including, `count`. */
  readonly pick: (count: number) => number;
  readonly signal: AbortSignal;
}

/**
 * The keys of files to restore as a proof: everything in a small folder, else files met by chance on the way down from the
 * top, so that a folder of a million files costs a few requests. None when there is no file.
 * @throws `repo/…` when a directory cannot be read
 */
export async function chooseSample(request: SampleRequest): Promise<'all' | readonly string[]> {
  const trees = new Map<TreeId, Promise<readonly TreeNode[]>>();
  const read = (id: TreeId): Promise<readonly TreeNode[]> => {
    const known = trees.get(id) ?? readTree(request.repository, request.index, id, request.signal);
    trees.set(id, known);
    return known;
  };
  const small = await wholeOf(request, read);
  if (small !== undefined) return small;
  const found = new Map<string, number>();
  let bytes = 0;
  const descents = Array.from({ length: request.limit.files * 2 }, () => descend(request, read));
  for (const file of await Promise.all(descents)) {
    if (file === undefined || found.has(file.key) || found.size >= request.limit.files) continue;
    // The first one is taken whatever its size: a folder of large videos must be provable too.
    if (found.size > 0 && bytes + file.size > request.limit.bytes) continue;
    found.set(file.key, file.size);
    bytes += file.size;
  }
  if (found.size > 0) return [...found.keys()];
  // All ways may end in empty folders and links: a copy of which nothing was restored is not proven.
  const first = await firstFile(request);
  return first === undefined ? [] : [first];
}

type Read = (id: TreeId) => Promise<readonly TreeNode[]>;

/** `all` when the folder is within the limit, nothing when it has no file, undefined when it is larger. */
async function wholeOf({ tree, limit }: SampleRequest, read: Read): Promise<'all' | readonly string[] | undefined> {
  const waiting = [tree];
  let files = 0;
  let bytes = 0;
  for (let directories = 1; directories <= limit.files; directories++) {
    const id = waiting.pop();
    if (id === undefined) return files === 0 ? [] : 'all';
    for (const node of await read(id)) {
      if (node.type === 'dir' && node.subtree) waiting.push(node.subtree);
      if (node.type !== 'file') continue;
      files++;
      bytes += node.size;
    }
    if (files > limit.files || bytes > limit.bytes) return undefined;
  }
  return waiting.length === 0 ? 'all' : undefined;
}

/** Directories that are read together. */
const ROUND = 256;

/** Looks at every directory until one has a file. @throws what the reading of a damaged one throws */
async function firstFile({ repository, index, tree, signal }: SampleRequest): Promise<string | undefined> {
  const waiting: { readonly tree: TreeId; readonly path: string }[] = [{ tree, path: '' }];
  while (waiting.length > 0) {
    const round = waiting.splice(-ROUND);
    const ids = round.map((one) => one.tree);
    const loaded = await loadTrees(repository, index, ids, signal);
    for (const { tree: id, path } of round) {
      const found = loaded.get(id);
      if (found?.state === 'unreadable') throw fromWire(found.error);
      for (const { name, type, subtree } of found?.nodes ?? []) {
        const here = path + latin1(name);
        if (type === 'file') return Buffer.from(here, 'latin1').toString('base64url');
        if (type === 'dir' && subtree) waiting.push({ tree: subtree, path: `${here}/` });
      }
    }
  }
  return undefined;
}

/** One way down, a name by chance in each directory; undefined when it ends at something else than a file. */
async function descend(
  { tree, pick }: SampleRequest,
  read: Read,
): Promise<{ readonly key: string; readonly size: number } | undefined> {
  const names: Uint8Array[] = [];
  for (let id: TreeId | undefined = tree; id !== undefined; ) {
    const nodes: readonly TreeNode[] = await read(id);
    const node: TreeNode | undefined = nodes.length === 0 ? undefined : nodes[pick(nodes.length)];
    if (node === undefined) return undefined;
    names.push(node.name);
    if (node.type === 'file') {
      const path = names.flatMap((name, depth) => (depth === 0 ? [name] : [Buffer.from('/'), name]));
      return { key: Buffer.concat(path).toString('base64url'), size: node.size };
    }
    id = node.type === 'dir' ? node.subtree : undefined;
  }
  return undefined;
}
