import { TriplicateError } from '../errors.ts';
import type { TreeId } from '../ids.ts';
import type { Counts } from './counts.ts';
import { closeAccess, type Directory } from './directory.ts';
import type { DirectoryCache } from './directory-cache.ts';
import { DirectoryEntries } from './directory-entries.ts';
import type { TreeQueue } from './tree-queue.ts';

/** Turns directories into trees as soon as nothing in them waits any more, from the deepest up. */
export class DirectoryTrees {
  readonly #trees: TreeQueue;
  readonly #counts: Counts;
  readonly #seen: DirectoryCache | undefined;

  /** @param seen gets the directories that were stored as they were listed */
  constructor(trees: TreeQueue, counts: Counts, seen?: DirectoryCache) {
    this.#trees = trees;
    this.#counts = counts;
    this.#seen = seen;
  }

  /** One thing less to wait for; a directory with nothing left becomes a tree, and so on upwards. */
  settled(directory: Directory): void {
    for (let at: Directory | null = directory; at; at = at.parent) {
      if (--at.waiting > 0) return;
      this.#counts.targetsTaken += at.targets?.filter((position) => at?.entries.has(position)).length ?? 0;
      const tree = this.#finish(at);
      closeAccess(at);
      if (at.print) this.#seen?.add(at.print, tree);
      at.finished?.(tree);
      if (at.parent) this.#settleTree(at, at.parent, tree);
    }
  }

  #settleTree({ same, position, known }: Directory, parent: Directory, tree: TreeId): void {
    // Both are as in the scan that they are known from, so the one has the other.
    if (known && parent.known && !same) return;
    const isSame = same?.subtree === tree;
    if (isSame && parent.state === 'as-before') return;
    const entries = this.ownEntries(parent);
    const own = entries.node(position);
    if (!own) return;
    // A node of the parent snapshot stays as it is; one that was made in this run may still get its attributes.
    if (same && isSame) {
      if (!entries.isKept(position)) entries.set(position, same);
    } else if (same) entries.set(position, { ...own, subtree: tree });
    else Object.assign(own, { subtree: tree });
  }

  /** The entries of a directory, made where it was as before until now. */
  ownEntries(directory: Directory): DirectoryEntries {
    if (directory.state === 'as-before') {
      const rows = directory.earlier?.rows();
      if (!rows) throw new TriplicateError('internal', 'A directory that was compared cannot be read.');
      directory.entries = DirectoryEntries.asBefore(rows);
      directory.state = 'own';
    }
    return directory.entries;
  }

  /** The tree of a directory: the parent's own when nothing in it is new. */
  #finish(directory: Directory): TreeId {
    const trees = this.#trees;
    const { earlier, state, known } = directory;
    if (known && state === 'as-before') return known;
    const stored = earlier && trees.isStored(earlier.tree) ? earlier : null;
    if (stored && state === 'as-before') return stored.tree;
    const entries = this.ownEntries(directory);
    directory.earlier = null;
    return stored && entries.areAsBefore ? stored.tree : trees.add(entries, earlier?.text.length ?? 0);
  }
}
