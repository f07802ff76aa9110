import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TriplicateError, throwIfCancelled } from '../errors.ts';
import { decodeNode, type TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import { type AttributeReader, inOrderOf } from './attributes.ts';
import { type BytePath, bytePathOf, bytesOf, compareBytes, forSystem, joinBytePath, textOf } from './byte-path.ts';
import type { Counts } from './counts.ts';
import type { DestinationWriter } from './destination-writer.ts';
import { closeAccess, type Directory, LONG_PATH, openAccess } from './directory.ts';
import { DirectoryTrees } from './directory-trees.ts';
import type { DirtyPaths } from './dirty-paths.ts';
import { EarlierEntries } from './earlier-entries.ts';
import {
  type Draft,
  type EntryContext,
  type EntryStat,
  entryFromStat,
  isSameEntry,
  isUnchanged,
  refreshEntry,
  typeOf,
} from './entry.ts';
import type { FileOutcome, FileQueue } from './file-queue.ts';
import { countListing, type Listing, listDirectory, nameAt, statAt } from './listing.ts';
import type { ListingAhead } from './listing-ahead.ts';
import type { EarlierDirectory, Parent } from './parent.ts';
import { compareDirectory } from './same-directory.ts';
import type { ScanCache } from './scan-cache.ts';
import type { Selection } from './selection.ts';
import type { Target } from './targets.ts';
import type { TreeQueue } from './tree-queue.ts';
import { whyUnreadable } from './why-unreadable.ts';

export interface WalkContext {
  readonly writers: readonly DestinationWriter[];
  readonly parent: Parent;
  readonly selection: Selection;
  readonly attributes: AttributeReader;
  readonly entries: EntryContext;
  readonly files: FileQueue;
  readonly trees: TreeQueue;
  readonly counts: Counts;
  /** Lists the directories of a full scan on another thread. */
  readonly ahead: ListingAhead | null;
  /** Null for a full scan. */
  readonly dirty: DirtyPaths | null;
  /** Directories as the last full scan found them; null for a run that lists only some. */
  readonly cache: Pick<ScanCache, 'known' | 'seen'> | null;
  readonly signal: AbortSignal | undefined;
}

/** A directory that the walk has still to look into. */
type Visit =
  | {
      readonly kind: 'way';
      readonly directory: Directory;
      readonly children: ReadonlyMap<string, Target>;
      readonly before: TreeNode | null;
    }
  | {
      readonly kind: 'list' | 'descend';
      readonly directory: Directory;
      /** `unread`: it is in the parent snapshot, as are the directories above it, which were taken over by their prints. */
      readonly before: TreeNode | null | 'unread';
      readonly isTarget: boolean;
    };

/**
 * A directory that was taken over by its print cannot be read now that it has to be, because something below it has changed.
 * The scan has to begin anew, without what the last one left.
 */
export class ForgottenDirectory extends Error {}

/** The event loop gets its turn after this many entries, so that answers to the workers are not held up. */
const ENTRIES_PER_TURN = 128;

/**
 * Walks the targets depth first, compares with the parent, hands files to the workers, and turns each directory into a
 * tree as soon as everything in it is settled. Only the directories on the way are in memory.
 */
export class Walk {
  readonly #context: WalkContext;
  readonly #trees: DirectoryTrees;
  readonly #visits: Visit[] = [];
  #entriesSinceTurn = 0;
  /** Directories that were taken over by their prints, and those that had to be compared. */
  #unread = 0;
  #read = 0;

  constructor(context: WalkContext) {
    this.#context = context;
    this.#trees = new DirectoryTrees(context.trees, context.counts, context.cache?.seen);
  }

  /** Gives the id of the snapshot's tree. @throws `cancelled`, `source/…`, and what the engine cannot go on after */
  async run(top: ReadonlyMap<string, Target>): Promise<TreeId> {
    const { parent, files, counts, attributes } = this.#context;
    const root = await new Promise<TreeId>((resolve, reject) => {
      const directory: Directory = {
        parent: null,
        position: 0,
        path: null,
        access: '' as BytePath,
        descriptor: null,
        ownsDescriptor: false,
        same: null,
        print: null,
        known: null,
        earlier: null,
        entries: [],
        state: 'own',
        isListedAhead: true,
        waiting: 1,
        finished: resolve,
      };
      const before = parent.tree ? ({ subtree: parent.tree } as TreeNode) : null;
      this.#visits.push({ kind: 'way', directory, children: top, before });
      this.#walkAll().then(() => {
        counts.walked = true;
        files.flush();
        attributes.flush();
      }, reject);
    });
    return root;
  }

  async #walkAll(): Promise<void> {
    for (let visit = this.#visits.pop(); visit; visit = this.#visits.pop()) {
      await this.#turnWithRoom();
      if (visit.kind === 'way') await this.#visitWay(visit.directory, visit.children, visit.before);
      else await this.#visitDirectory(visit);
    }
  }

  /** A folder on the way to a target: its own metadata, but only the children that were asked for. */
  async #visitWay(directory: Directory, children: ReadonlyMap<string, Target>, before: TreeNode | null): Promise<void> {
    const earlier = new EarlierEntries((await this.#earlierOf(directory, before))?.nodes() ?? null);
    const named = [...children].map(([name, target]) => ({ name: bytePathOf(name), target }));
    named.sort((a, b) => (a.name < b.name ? -1 : 1));
    directory.entries = new Array<TreeNode | null>(named.length).fill(null);
    const visits: Visit[] = [];
    const targets: number[] = [];
    directory.targets = targets;
    for (const [position, { name, target }] of named.entries()) {
      const path = bytePathOf(target.path);
      const known = earlier.take(name);
      if (target.kind === 'whole') {
        const place = { position, name, path, access: path, stat: null };
        this.#settleEntry(directory, { ...place, before: known, isTarget: true }, visits);
        targets.push(position);
        continue;
      }
      const stat = statSync(forSystem(path), { bigint: true });
      if (this.#context.selection.isOwnPlace(stat)) {
        this.#context.counts.excluded++;
        continue;
      }
      const draft = entryFromStat(known?.name ?? bytesOf(name), stat, this.#context.entries);
      directory.entries[position] = draft;
      this.#readAttributes(directory, draft, path, known);
      const child = this.#openDirectory(directory, { position, path, access: path }, null);
      visits.push({ kind: 'way', directory: child, children: target.children, before: known });
    }
    this.#lookInto(visits);
    this.#trees.settled(directory);
    // The program that reads them starts now, not when all else is done.
    this.#context.attributes.flush();
  }

  async #visitDirectory(visit: Exclude<Visit, { kind: 'way' }>): Promise<void> {
    const { directory } = visit;
    const { counts } = this.#context;
    counts.directories++;
    counts.currentPath = shownPath(directory);
    if (visit.kind === 'descend') {
      const nodes = (await this.#earlierOf(directory, await this.#beforeOf(visit)))?.nodes();
      // Without the parent's entries nothing can be taken over: the directory is listed like any other.
      if (nodes) return this.#descend(directory, nodes);
    }
    let listing: Listing;
    try {
      listing = await this.#list(directory);
    } catch (error) {
      return this.#unlistable(directory, await this.#beforeOf(visit), error);
    }
    if (this.#takeOverKnown(visit, listing)) return;
    const before = await this.#beforeOf(visit);
    const earlier = await this.#earlierOf(directory, before);
    directory.print = listing.print;
    const isEmpty = listing.count === 0 && listing.excluded === 0;
    if (visit.isTarget && isEmpty && (earlier?.nodes() ?? []).length > 0) this.#refuseSuspiciousVoid(directory, before);
    counts.excluded += listing.excluded;
    const visits: Visit[] = [];
    if (!earlier || !this.#takeOverAll(directory, earlier, listing, visits)) {
      await this.#settleEntries(directory, listing, visits);
    }
    this.#lookInto(visits);
    this.#trees.settled(directory);
  }

  /** As listed ahead, or else now. @throws what readdir throws */
  async #list(directory: Directory): Promise<Listing> {
    const { ahead, selection } = this.#context;
    const path = directory.path ?? directory.access;
    const listing = ahead && directory.isListedAhead ? await ahead.take(path) : null;
    if (listing) return listing;
    directory.isListedAhead = false;
    return listDirectory(path, directory.access, selection);
  }

  /** Leaves a directory as the last full scan found it, when its listing has the same print: nothing of it is read. */
  #takeOverKnown({ directory, isTarget }: Exclude<Visit, { kind: 'way' }>, listing: Listing): boolean {
    const { cache, trees, counts } = this.#context;
    const tree = listing.print && cache?.known?.find(listing.print);
    if (!tree || (isTarget && listing.count === 0) || !trees.isStored(tree)) return false;
    const found = countListing(listing);
    const children = found.directories.map((position) => {
      const name = nameAt(listing, position);
      return { position, ...placeIn(directory, name) };
    });
    if (children.some(({ access }) => access.length >= LONG_PATH)) return false;
    this.#unread++;
    directory.state = 'as-before';
    directory.known = tree;
    directory.print = listing.print;
    counts.excluded += listing.excluded;
    counts.filesFound += found.files;
    counts.bytesFound += found.bytes;
    counts.filesUnchanged += found.files;
    this.#countDone(found.bytes, found.files);
    this.#lookInto(
      children.map((child): Visit => {
        const opened = this.#openDirectory(directory, child, null);
        return { kind: 'list', directory: opened, before: 'unread', isTarget: false };
      }),
    );
    this.#trees.settled(directory);
    return true;
  }

  async #beforeOf({ directory, before }: Exclude<Visit, { kind: 'way' }>): Promise<TreeNode | null> {
    return before === 'unread' ? this.#recall(directory) : before;
  }

  /** Reads the directories above one, as far as they were taken over unread, and gives its entry in the parent snapshot. */
  async #recall(directory: Directory): Promise<TreeNode> {
    const unread: Directory[] = [];
    for (let at = directory.parent; at?.known && !at.earlier; at = at.parent) unread.push(at);
    for (const above of unread) {
      above.earlier = await this.#context.parent.directory(above.known as TreeId, 'alone');
      if (!above.earlier?.nodes()) throw new ForgottenDirectory();
    }
    for (const below of [directory, ...unread]) {
      if (below.parent?.known) below.same ??= entryIn(below.parent, below);
    }
    if (!directory.same) throw new ForgottenDirectory();
    return directory.same;
  }

  /** Leaves a directory as it was, when every entry says what the system says; those below are still to be looked at. */
  #takeOverAll(directory: Directory, earlier: EarlierDirectory, listing: Listing, visits: Visit[]): boolean {
    const { entries, selection, writers, counts } = this.#context;
    const same = compareDirectory(earlier.text, listing, { owners: entries.owners, selection });
    if (!same || !writers.every((writer) => writer.failure || writer.hasAllData(same.contentIds))) return false;
    if (same.directories.some(({ position }) => isOwnPlace(selection, statAt(listing, position)))) return false;
    directory.state = 'as-before';
    counts.filesFound += same.files;
    counts.bytesFound += same.bytes;
    counts.filesUnchanged += same.files;
    this.#countDone(same.bytes, same.files);
    for (const { position, start, end } of same.directories) {
      const node = decodeNode(earlier.text.subarray(start, end));
      const name = nameAt(listing, position);
      const place = { position, name, ...placeIn(directory, name), stat: null };
      this.#settleDirectory(directory, node, { ...place, before: node, same: node, isTarget: false }, visits);
    }
    return true;
  }

  async #settleEntries(directory: Directory, listing: Listing, visits: Visit[]): Promise<void> {
    const nodes = directory.earlier?.nodes() ?? null;
    if (!nodes) directory.earlier = null;
    const earlier = new EarlierEntries(nodes);
    directory.entries = new Array<TreeNode | null>(listing.count).fill(null);
    for (let position = 0; position < listing.count; position++) {
      const name = nameAt(listing, position);
      const place = { position, name, ...placeIn(directory, name), stat: statAt(listing, position) };
      this.#settleEntry(directory, { ...place, before: earlier.take(name), isTarget: false }, visits);
      if (++this.#entriesSinceTurn >= ENTRIES_PER_TURN) await this.#turnWithRoom();
    }
    const removed = earlier.passedOver();
    this.#context.counts.filesRemoved += removed.files;
    this.#context.counts.treesRemoved.push(...removed.trees);
  }

  /** The next directories to look into, the first of them first. */
  #lookInto(visits: Visit[]): void {
    this.#context.parent.willAskFor(
      visits.flatMap(({ before }) => (before === 'unread' ? [] : (before?.subtree ?? []))),
    );
    this.#visits.push(...visits.reverse());
  }

  async #earlierOf(directory: Directory, before: TreeNode | null): Promise<EarlierDirectory | null> {
    const { parent } = this.#context;
    // Where most directories are taken over unread, those that come next are likely to be as well.
    const reading = this.#unread > ++this.#read ? 'alone' : 'with-next';
    directory.earlier = before?.subtree ? await parent.directory(before.subtree, reading) : null;
    return directory.earlier;
  }

  /** Nothing changed in this directory itself: its entries are the parent's, but for those on the way to a change. */
  #descend(directory: Directory, earlierNodes: readonly TreeNode[]): void {
    const { dirty } = this.#context;
    directory.entries = [...earlierNodes];
    const visits: Visit[] = [];
    for (const [position, node] of earlierNodes.entries()) {
      if (node.type !== 'dir') continue;
      const name = bytePathOf(node.name);
      const place = placeIn(directory, name);
      const text = textOf(place.path);
      if (!dirty?.isDirty(text) && !dirty?.isOnTheWay(text)) continue;
      const entry = { position, name, ...place, stat: null, before: node, isTarget: false };
      this.#settleEntry(directory, entry, visits);
    }
    this.#lookInto(visits);
    this.#trees.settled(directory);
  }

  #settleEntry(directory: Directory, entry: EntryPlace, visits: Visit[]): void {
    const { counts, selection, entries: context } = this.#context;
    directory.entries[entry.position] = null;
    // What was listed was not excluded.
    if (!entry.stat) directory.print = null;
    if (!entry.stat && selection.excludes(textOf(entry.path))) {
      counts.excluded++;
      return;
    }
    let stat: EntryStat;
    try {
      stat = entry.stat ?? lstatSync(forSystem(entry.access), { bigint: true });
    } catch (error) {
      this.#keepEarlier(directory, entry, error);
      return;
    }
    const type = typeOf(Number(stat.mode));
    if (type === 'socket') {
      directory.print = null;
      counts.leaveOut(textOf(entry.path), 'socket', 'A socket has no content to keep.');
      return;
    }
    const isLeftOut =
      type === 'dir' ? selection.isOwnPlace(stat) : type === 'file' && selection.isTooLarge(Number(stat.size));
    if (isLeftOut) {
      directory.print = null;
      counts.excluded++;
      return;
    }
    const same = entry.before && isSameEntry(entry.before, stat, context) ? entry.before : null;
    if (same && this.#takeOver(directory, entry.position, same)) return;
    const draft = entryFromStat(entry.before?.name ?? bytesOf(entry.name), stat, context);
    if (type === 'symlink') {
      try {
        draft.linkTarget = readlinkSync(forSystem(entry.access), { encoding: 'buffer' });
      } catch (error) {
        this.#keepEarlier(directory, entry, error);
        return;
      }
    }
    directory.entries[entry.position] = draft;
    this.#readAttributes(directory, draft, entry.access, entry.before);
    if (entry.before && entry.before.type !== type) this.#countReplaced(entry.before);
    if (type === 'dir') this.#settleDirectory(directory, draft, { ...entry, same }, visits);
    else if (type === 'file') this.#settleFile(directory, draft, entry);
  }

  /** Something of another kind has its name now. */
  #countReplaced({ type, subtree }: TreeNode): void {
    const { counts } = this.#context;
    if (type === 'file') counts.filesRemoved++;
    if (subtree) counts.treesRemoved.push(subtree);
  }

  /** Puts the parent's own node into the directory. False for a directory, and when content is lost somewhere. */
  #takeOver(directory: Directory, position: number, same: TreeNode): boolean {
    const { counts } = this.#context;
    if (same.type === 'dir' || (same.type === 'file' && !(same.content && this.#haveAll(same)))) return false;
    directory.entries[position] = same;
    if (same.type !== 'file') return true;
    counts.filesFound++;
    counts.bytesFound += same.size;
    counts.filesUnchanged++;
    this.#countDone(same.size);
    return true;
  }

  #settleFile(directory: Directory, draft: Draft, entry: EntryPlace): void {
    const { counts, files } = this.#context;
    const before = entry.before?.type === 'file' ? entry.before : null;
    counts.filesFound++;
    counts.bytesFound += draft.size;
    if (before?.content && isUnchanged(draft, before) && this.#haveAll(before)) {
      draft.content = before.content;
      counts.filesUnchanged++;
      this.#countDone(draft.size);
      return;
    }
    directory.waiting++;
    const changeTime = draft.ctime.ns;
    files.add({
      path: entry.access,
      size: draft.size,
      changeTime,
      done: (outcome) => {
        this.#fileRead(directory, draft, entry, outcome);
        this.#trees.settled(directory);
      },
    });
  }

  #fileRead(directory: Directory, draft: Draft, entry: EntryPlace, outcome: FileOutcome): void {
    const { counts, entries: context } = this.#context;
    if (outcome.kind !== 'read' || outcome.fresh) directory.print = null;
    if (outcome.kind === 'vanished') {
      directory.entries[entry.position] = null;
      counts.leaveOut(textOf(entry.path), 'vanished', 'It was deleted while the backup ran.');
      this.#countDone(0);
      return;
    }
    if (outcome.kind === 'failed') {
      this.#keepEarlier(directory, entry, Object.assign(new Error(outcome.message), { code: outcome.code }));
      this.#countDone(0);
      return;
    }
    if (outcome.fresh) refreshEntry(draft, outcome.fresh, context);
    draft.content = outcome.content;
    draft.size = outcome.size;
    if (outcome.kind === 'unsteady') {
      counts.leaveOut(
        textOf(entry.path),
        'unsteady',
        'It kept changing while it was read; it is stored as it was read last.',
      );
    }
    if (entry.before?.type === 'file') counts.filesChanged++;
    else counts.filesNew++;
    counts.bytesRead += outcome.size;
    this.#countDone(outcome.size);
  }

  #settleDirectory(
    directory: Directory,
    draft: TreeNode,
    entry: EntryPlace & { readonly same: TreeNode | null },
    visits: Visit[],
  ): void {
    const { dirty } = this.#context;
    const before = entry.before?.type === 'dir' ? entry.before : null;
    const kind = this.#wayInto(draft, before, textOf(entry.path));
    if (kind === 'reuse' && before?.subtree) {
      if (directory.state === 'own') {
        directory.entries[entry.position] = entry.same ?? Object.assign(draft, { subtree: before.subtree });
      }
      return;
    }
    let child: Directory;
    try {
      child = this.#openDirectory(directory, entry, entry.same);
    } catch (error) {
      this.#keepEarlier(directory, entry, error);
      return;
    }
    // Another directory under the old name: nothing of the old one may be taken over unseen.
    const same = before !== null && before.inode === draft.inode && before.deviceId === draft.deviceId;
    const comparable = dirty === null || same ? before : null;
    visits.push({
      kind: kind === 'descend' ? 'descend' : 'list',
      directory: child,
      before: comparable,
      isTarget: entry.isTarget,
    });
  }

  /** How to look at a directory: a run of changes lists only what changed, and what its own times say has changed. */
  #wayInto(draft: TreeNode, before: TreeNode | null, path: string): 'list' | 'descend' | 'reuse' {
    const { dirty } = this.#context;
    if (!dirty || !before?.subtree || dirty.isDirty(path) || path.includes('\ufffd')) return 'list';
    const same =
      before.inode === draft.inode &&
      before.deviceId === draft.deviceId &&
      before.mtime.ns === draft.mtime.ns &&
      before.ctime.ns === draft.ctime.ns;
    if (!same) return 'list';
    return dirty.isOnTheWay(path) ? 'descend' : 'reuse';
  }

  #openDirectory(
    parent: Directory,
    { position, path, access: longAccess }: Pick<EntryPlace, 'position' | 'path' | 'access'>,
    same: TreeNode | null,
  ): Directory {
    const { access, descriptor } = openAccess(longAccess);
    // Below an open directory every deeper path goes through it, so `access` differs from `path` from here on.
    const through = descriptor ?? (longAccess === path ? null : parent.descriptor);
    parent.waiting++;
    return {
      parent,
      position,
      path,
      access,
      descriptor: through,
      ownsDescriptor: descriptor !== null,
      same,
      print: null,
      known: null,
      earlier: null,
      entries: [],
      state: 'own',
      isListedAhead: parent.isListedAhead,
      waiting: 1,
    };
  }

  #readAttributes(directory: Directory, draft: Draft, access: BytePath, before: TreeNode | null): void {
    if (draft.type === 'symlink') return;
    // Setting an attribute changes the ctime.
    if (before && before.type === draft.type && before.inode === draft.inode && before.ctime.ns === draft.ctime.ns) {
      if (before.extendedAttributes) draft.extendedAttributes = before.extendedAttributes;
      return;
    }
    if (this.#context.attributes.state !== 'works') return;
    directory.waiting++;
    this.#context.attributes.read(access, (attributes) => {
      if (attributes && attributes.length > 0) {
        draft.extendedAttributes = inOrderOf(before?.extendedAttributes, attributes);
      }
      this.#trees.settled(directory);
    });
  }

  /** An entry that cannot be read keeps its earlier version, where every destination has it; either way it is named. */
  #keepEarlier(directory: Directory, entry: EntryPlace, error: unknown): void {
    const { counts } = this.#context;
    const { code, message } = error as NodeJS.ErrnoException;
    const path = textOf(entry.path);
    const entries = this.#trees.ownEntries(directory);
    directory.print = null;
    entries[entry.position] = null;
    if (code === 'ENOENT' && !entry.isTarget) {
      counts.leaveOut(path, 'vanished', 'It was deleted while the backup ran.');
      return;
    }
    if (code === undefined) throw error;
    const kept = entry.before !== null && this.#canKeep(entry.before);
    if (kept) entries[entry.position] = entry.before;
    const ending = kept ? 'the version of the last backup is kept.' : 'it is not in this backup.';
    counts.leaveOut(path, 'unreadable', `It cannot be read (${whyUnreadable(code, message)}); ${ending}`);
  }

  #unlistable(directory: Directory, before: TreeNode | null, error: unknown): void {
    const { parent, position, path } = directory;
    if (!parent) throw error;
    const name = bytePathOf(before?.name ?? '');
    closeAccess(directory);
    const place = { position, name, path: path ?? directory.access, access: directory.access, stat: null };
    this.#keepEarlier(parent, { ...place, before, isTarget: false }, error);
    this.#trees.settled(parent);
  }

  #canKeep(before: TreeNode): boolean {
    if (before.type === 'dir') return this.#context.parent.everywhere;
    return this.#haveAll(before);
  }

  #haveAll(node: TreeNode): boolean {
    const content = node.content ?? [];
    return this.#context.writers.every((writer) => writer.failure || content.every((id) => writer.has('data', id)));
  }

  /** An empty folder where another disk used to be is a disk that is not mounted, not a deletion of everything. */
  #refuseSuspiciousVoid(directory: Directory, before: TreeNode | null): void {
    const now = directory.parent?.entries[directory.position];
    if (!before || !now || before.deviceId === now.deviceId) return;
    const path = shownPath(directory);
    throw new TriplicateError(
      'source/empty-suspicious',
      `${path} is empty and lies on another disk than before: the disk that holds it is probably not connected.`,
      { data: { path } },
    );
  }

  #countDone(bytes: number, files = 1): void {
    const { counts } = this.#context;
    counts.filesDone += files;
    counts.bytesDone += bytes;
    counts.bytesTotal += bytes;
  }

  /** Also in the middle of a directory: each file that waits takes a kilobyte, and some directories have 300,000. */
  async #turnWithRoom(): Promise<void> {
    const { signal, files, attributes } = this.#context;
    this.#entriesSinceTurn = 0;
    throwIfCancelled(signal);
    await nextTurn();
    await files.roomy();
    await attributes.roomy();
  }
}

interface EntryPlace {
  readonly position: number;
  readonly name: BytePath;
  /** The real path. */
  readonly path: BytePath;
  /** The path that system calls take. */
  readonly access: BytePath;
  /** Null when the system is still to be asked. */
  readonly stat: EntryStat | null;
  readonly before: TreeNode | null;
  readonly isTarget: boolean;
}

/** The parent snapshot's entry of a directory in the one above it, which has been read. */
function entryIn({ earlier }: Directory, { path }: Directory): TreeNode | null {
  const name = path?.slice(path.lastIndexOf('/') + 1) as BytePath;
  const nodes = earlier?.nodes() ?? [];
  let from = 0;
  let to = nodes.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const node = nodes[middle] as TreeNode;
    const order = compareBytes(node.name, name);
    if (order === 0) return node.type === 'dir' ? node : null;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return null;
}

/** Where an entry of a directory is, and the way that system calls take to it. */
function placeIn(directory: Directory, name: BytePath): { readonly path: BytePath; readonly access: BytePath } {
  const path = joinBytePath(directory.path ?? directory.access, name);
  return { path, access: directory.descriptor === null ? path : joinBytePath(directory.access, name) };
}

function isOwnPlace(selection: Selection, stat: EntryStat | null): boolean {
  return stat !== null && selection.isOwnPlace(stat);
}

function shownPath({ path }: Directory): string {
  return path === null ? '/' : textOf(path);
}
