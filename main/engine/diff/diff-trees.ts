import type { WireError } from '../errors.ts';
import { fromWire } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import { loadTrees } from '../walk/load-trees.ts';
import type { PathSegments } from '../walk/walk-tree.ts';

/** One difference between two trees. A removed or added directory is followed by everything below it. */
export interface TreeChange {
  readonly path: PathSegments;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: TreeNode;
  readonly after?: TreeNode;
}

interface Pair {
  readonly path: PathSegments;
  readonly before: TreeId | undefined;
  readonly after: TreeId | undefined;
}

/** Pairs read together: one request serves many directories. */
const ROUND = 256;

/**
 * Tells every entry that differs: content, type, link target, times, mode or owner. Equal subtrees are not read.
 * `null` stands for an empty tree. @throws `repo/blob-missing`, `repo/damaged`, `store/…`, `cancelled`
 */
export async function diffTrees(
  repository: Repository,
  index: BlobIndex,
  before: TreeId | null,
  after: TreeId | null,
  onChange: (change: TreeChange) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (before === after) return;
  const waiting: Pair[] = [{ path: [], before: before ?? undefined, after: after ?? undefined }];
  while (waiting.length > 0) {
    const round = waiting.splice(-ROUND);
    const ids = round.flatMap((pair) => [pair.before, pair.after].filter((id) => id !== undefined));
    const trees = await loadTrees(repository, index, ids, signal);
    const nodesOf = (id: TreeId | undefined): readonly TreeNode[] => {
      const tree = id === undefined ? undefined : trees.get(id);
      if (tree?.state === 'unreadable') throw fromWire(tree.error satisfies WireError);
      return tree?.nodes ?? [];
    };
    for (const pair of round) {
      comparePair(pair, nodesOf(pair.before), nodesOf(pair.after), onChange, (below) => waiting.push(below));
    }
  }
}

function comparePair(
  { path }: Pair,
  before: readonly TreeNode[],
  after: readonly TreeNode[],
  onChange: (change: TreeChange) => void,
  descend: (pair: Pair) => void,
): void {
  let left = 0;
  let right = 0;
  while (left < before.length || right < after.length) {
    const old = before[left];
    const now = after[right];
    const order = !old ? 1 : !now ? -1 : Buffer.compare(old.name, now.name);
    if (order <= 0) left++;
    if (order >= 0) right++;
    const was = order <= 0 ? old : undefined;
    const is = order >= 0 ? now : undefined;
    const own = [...path, ((was ?? is) as TreeNode).name];
    tell(own, was, is, onChange);
    const subtrees = { before: was?.subtree, after: is?.subtree };
    if (subtrees.before !== subtrees.after) descend({ path: own, ...subtrees });
  }
}

function tell(
  path: PathSegments,
  before: TreeNode | undefined,
  after: TreeNode | undefined,
  onChange: (change: TreeChange) => void,
): void {
  if (before && after) {
    if (!isSameEntry(before, after)) onChange({ path, kind: 'changed', before, after });
  } else if (after) {
    onChange({ path, kind: 'added', after });
  } else if (before) {
    onChange({ path, kind: 'removed', before });
  }
}

/** Access and change times, inode and link count say nothing about a version; what is below has its own changes. */
function isSameEntry(a: TreeNode, b: TreeNode): boolean {
  return (
    a.type === b.type &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.mtime.ns === b.mtime.ns &&
    a.device === b.device &&
    Buffer.compare(a.linkTarget ?? NOTHING, b.linkTarget ?? NOTHING) === 0 &&
    (a.content ?? []).length === (b.content ?? []).length &&
    (a.content ?? []).every((id, position) => id === b.content?.[position])
  );
}

const NOTHING = new Uint8Array(0);
