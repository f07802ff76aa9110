import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import { type BytePath, bytesOf } from './byte-path.ts';
import { type Directory, LONG_PATH } from './directory.ts';
import type { EntrySettler } from './entry-settler.ts';
import { countListing, type Listing, nameAt } from './listing.ts';
import type { EarlierDirectory } from './parent.ts';
import { type DirectoryVisit, placeIn, type Visit } from './visit.ts';
import type { WalkContext } from './walk-context.ts';

/**
 * A directory that was taken over by its print cannot be read now that it has to be, because something below it has changed.
 * The scan has to begin anew, without what the last one left.
 */
export class ForgottenDirectory extends Error {}

/** Directories that look as they did at the last full scan: they are taken over unread, until something below has changed. */
export class KnownDirectories {
  readonly #context: WalkContext;
  readonly #settler: EntrySettler;
  /** Directories that were taken over, and those of the parent that were read. */
  #unread = 0;
  #read = 0;

  constructor(context: WalkContext, settler: EntrySettler) {
    this.#context = context;
    this.#settler = settler;
  }

  /**
   * Leaves a directory as the last full scan found it, when its listing has the same print: nothing of it is read. Gives the
   * directories below it, which are still to be looked at; null when it has to be compared.
   */
  takeOver({ directory, before, isTarget }: DirectoryVisit, listing: Listing): Visit[] | null {
    const { cache, trees, counts } = this.#context;
    const tree = listing.print && cache?.known?.find(listing.print);
    if (!tree || (isTarget && listing.count === 0) || !trees.isStored(tree)) return null;
    const found = countListing(listing);
    const children = found.directories.map((position) => {
      const name = nameAt(listing, position);
      return { position, ...placeIn(directory, name) };
    });
    if (children.some(({ access }) => access.length >= LONG_PATH)) return null;
    this.#unread++;
    directory.state = 'as-before';
    directory.known = tree;
    directory.print = listing.print;
    directory.before = before === 'unread' ? null : before;
    counts.excluded += listing.excluded;
    counts.filesFound += found.files;
    counts.bytesFound += found.bytes;
    counts.filesUnchanged += found.files;
    counts.settled(found.bytes, found.files);
    return children.map((child) => {
      const opened = this.#settler.openDirectory(directory, child, null);
      return { kind: 'list', directory: opened, before: 'unread', isTarget: false };
    });
  }

  /**
   * Something in a directory below known ones has changed: reads those above it, as far as they were taken over unread, and gives
   * the directory's entry in the parent snapshot. That may be of a later run than what the others are known from.
   */
  async recall(directory: Directory): Promise<TreeNode | null> {
    const unread: Directory[] = [];
    for (let at = directory.parent; at?.known && !at.earlier; at = at.parent) unread.push(at);
    for (const above of unread) {
      above.earlier = await this.#context.parent.directory(above.known as TreeId, 'alone');
      if (!above.earlier?.rows()) throw new ForgottenDirectory();
    }
    for (const below of [directory, ...unread]) {
      if (!below.parent?.known) continue;
      below.same ??= entryIn(below.parent.earlier, below);
      // All are of one scan, so each has the next; if not, nothing of it is to be relied on.
      if (!below.same || (below.known && below.same.subtree !== below.known)) throw new ForgottenDirectory();
    }
    for (const above of unread.reverse()) {
      if (above.parent?.known) above.before = beforeOf(above);
      above.inParent = await this.#inParent(above);
    }
    return beforeOf(directory);
  }

  async #inParent({ before, known, earlier }: Directory): Promise<EarlierDirectory | null> {
    if (!before?.subtree) return null;
    return before.subtree === known ? earlier : this.#context.parent.directory(before.subtree, 'alone');
  }

  /**
   * How the next directory of the parent is read: where most are taken over, those that come next are likely to be as well.
   * Of the first one nothing is known yet but that there was a scan to take over from.
   */
  reading(): 'alone' | 'with-next' {
    this.#read++;
    const isFirst = this.#read === 1 && (this.#context.cache?.known?.size ?? 0) > 0;
    return isFirst || this.#unread > this.#read ? 'alone' : 'with-next';
  }
}

/** The parent snapshot's entry of a directory below a known one, unless that was another directory. */
function beforeOf(directory: Directory): TreeNode | null {
  const { parent, same } = directory;
  const found = entryIn(parent?.inParent ?? null, directory);
  return found && found.inode === same?.inode && found.deviceId === same.deviceId ? found : null;
}

/** The entry of a directory in the one above it. */
function entryIn(above: EarlierDirectory | null, { path }: Directory): TreeNode | null {
  const rows = above?.rows();
  if (!rows || path === null) return null;
  const name = bytesOf(path.slice(path.lastIndexOf('/') + 1) as BytePath);
  let from = 0;
  let to = rows.count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = rows.compareName(middle, name, 0, name.length);
    if (order === 0) return rows.type(middle) === 'dir' ? rows.node(middle) : null;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return null;
}
