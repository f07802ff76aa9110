import type { WireError } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import { type LoadedTree, loadTrees } from './load-trees.ts';

/** Raw names from the root of the snapshot down; the last is the entry's own. */
export type PathSegments = readonly Uint8Array[];

export interface TreeVisitor {
  /** Called for each entry, a directory before what is in it; `skip` leaves out what is below. */
  entry(path: PathSegments, node: TreeNode): 'descend' | 'skip';
  /** A directory that cannot be read: everything below it is missing. The root has an empty path. */
  unreadable(path: PathSegments, tree: TreeId, error: WireError): void;
}

/** Deeper nesting than any file system holds means a repository made to do harm. */
export const MAX_DEPTH = 20_000;
/** Why what is nested more deeply is not read. */
export const TOO_DEEP: WireError = {
  code: 'repo/damaged',
  message: `Directories are nested more than ${MAX_DEPTH} deep.`,
  hint: 'Everything above was handled.',
  retry: 'never',
  data: {},
};

interface Frame {
  readonly path: PathSegments;
  readonly nodes: readonly TreeNode[];
  next: number;
  readonly below: ReadonlyMap<TreeId, LoadedTree>;
}

/** Directories loaded ahead at once: bounds what is held at each level. */
export const AHEAD = 256;

/** Visits a tree in the order of names, depth first, reading the directories of one level together. @throws `store/…` */
export async function walkTree(
  repository: Repository,
  index: BlobIndex,
  root: TreeId,
  visitor: TreeVisitor,
  signal?: AbortSignal,
): Promise<void> {
  const frames: Frame[] = [];
  const enter = (path: PathSegments, id: TreeId, tree: LoadedTree | undefined): void => {
    if (tree?.state === 'read' && frames.length < MAX_DEPTH) {
      frames.push({ path, nodes: tree.nodes, next: 0, below: new Map() });
    } else {
      visitor.unreadable(path, id, tree?.state === 'unreadable' ? tree.error : TOO_DEEP);
    }
  };
  enter([], root, (await loadTrees(repository, index, [root], signal)).get(root));
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const node = frame.nodes[frame.next];
    if (!node) {
      frames.pop();
      continue;
    }
    const path = [...frame.path, node.name];
    const descend = visitor.entry(path, node);
    if (node.type === 'dir' && node.subtree && descend === 'descend') {
      let tree = frame.below.get(node.subtree);
      if (!tree) {
        const ahead = await loadTrees(repository, index, nextSubtrees(frame), signal);
        frames[frames.length - 1] = { ...frame, below: ahead };
        frame = frames.at(-1) as Frame;
        tree = ahead.get(node.subtree);
      }
      frame.next++;
      enter(path, node.subtree, tree);
    } else {
      frame.next++;
    }
  }
}

function nextSubtrees({ nodes, next }: Frame): readonly TreeId[] {
  const ids: TreeId[] = [];
  for (let i = next; i < nodes.length && ids.length < AHEAD; i++) {
    const subtree = nodes[i]?.subtree;
    if (subtree) ids.push(subtree);
  }
  return ids;
}

/** The path as text for a person, `/` between names; bytes that are not UTF-8 show as U+FFFD. */
export function pathText(path: PathSegments): string {
  return `/${path.map((name) => Buffer.from(name).toString('utf8')).join('/')}`;
}
