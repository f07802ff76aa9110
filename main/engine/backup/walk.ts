import { statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfCancelled } from '../errors.ts';
import { decodeNode, type TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import { type BytePath, bytePathOf, bytesOf, forSystem, textOf } from './byte-path.ts';
import { closeAccess, type Directory, isReachedByFolders, newDirectory, shownPath } from './directory.ts';
import { DirectoryEntries } from './directory-entries.ts';
import { DirectoryTrees } from './directory-trees.ts';
import { EarlierEntries } from './earlier-entries.ts';
import type { EarlierRows } from './earlier-rows.ts';
import { Emptied, unmounted } from './emptied.ts';
import { type EntryStat, entryFromStat } from './entry.ts';
import { EntrySettler } from './entry-settler.ts';
import { KnownDirectories } from './known-directories.ts';
import { type Listing, listDirectory, nameAt, statAt } from './listing.ts';
import { ListingSettler } from './listing-settler.ts';
import type { EarlierDirectory } from './parent.ts';
import { compareDirectory } from './same-directory.ts';
import type { Selection } from './selection.ts';
import type { Target } from './targets.ts';
import { type DirectoryVisit, placeIn, type Visit } from './visit.ts';
import type { WalkContext } from './walk-context.ts';

/**
 * Walks the targets depth first, compares with the parent, hands files to the workers, and turns each directory into a
 * tree as soon as everything in it is settled. Only the directories on the way are in memory.
 */
export class Walk {
  readonly #context: WalkContext;
  readonly #trees: DirectoryTrees;
  readonly #visits: Visit[] = [];
  readonly #settler: EntrySettler;
  readonly #listings: ListingSettler;
  readonly #known: KnownDirectories;
  readonly #emptied: Emptied;

  constructor(context: WalkContext) {
    this.#context = context;
    this.#trees = new DirectoryTrees(context.trees, context.counts, context.cache?.seen);
    this.#settler = new EntrySettler(context, this.#trees);
    this.#listings = new ListingSettler(context, this.#settler, () => this.#turnWithRoom());
    this.#known = new KnownDirectories(context, this.#settler);
    this.#emptied = new Emptied((tree) => context.parent.directory(tree, this.#known.reading()));
  }

  /** Gives the id of the snapshot's tree. @throws `cancelled`, `source/…`, and what the engine cannot go on after */
  async run(top: ReadonlyMap<BytePath, Target>): Promise<TreeId> {
    const { parent, files, counts, attributes } = this.#context;
    const root = await new Promise<TreeId>((resolve, reject) => {
      const place = { parent: null, position: 0, path: null, access: '' as BytePath, same: null };
      const way = { descriptor: null, ownsDescriptor: false, isListedAhead: true };
      const directory = newDirectory({ ...place, ...way, finished: resolve });
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
  async #visitWay(
    directory: Directory,
    children: ReadonlyMap<BytePath, Target>,
    before: TreeNode | null,
  ): Promise<void> {
    directory.deviceBefore = before?.deviceId;
    const rows = (await this.#earlierOf(directory, before))?.rows() ?? null;
    const earlier = new EarlierEntries(rows);
    const named = [...children].map(([name, target]) => ({ name, target }));
    named.sort((a, b) => (a.name < b.name ? -1 : 1));
    directory.entries = new DirectoryEntries(named.length, null);
    const visits: Visit[] = [];
    const targets: number[] = [];
    directory.targets = targets;
    for (const [position, { name, target }] of named.entries()) {
      const { path } = target;
      const row = earlier.take(bytesOf(name), 0, name.length);
      const known = rows && row !== -1 ? rows.node(row) : null;
      if (target.kind === 'whole') {
        const place = { position, name, path, access: path, stat: null };
        this.#settler.settleEntry(directory, { ...place, before: known, isTarget: true }, visits);
        targets.push(position);
        continue;
      }
      const stat = statSync(forSystem(path), { bigint: true });
      if (this.#context.selection.isOwnPlace(stat)) {
        this.#context.counts.excluded++;
        continue;
      }
      const draft = entryFromStat(known?.name ?? bytesOf(name), stat, this.#context.entries);
      directory.entries.set(position, draft);
      this.#settler.readAttributes(directory, draft, path, known);
      const child = this.#settler.openDirectory(directory, { position, path, access: path }, null);
      visits.push({ kind: 'way', directory: child, children: target.children, before: known });
    }
    this.#lookInto(visits);
    this.#trees.settled(directory);
    // The program that reads them starts now, not when all else is done.
    this.#context.attributes.flush();
  }

  async #visitDirectory(visit: DirectoryVisit): Promise<void> {
    const { directory } = visit;
    const { counts } = this.#context;
    counts.directories++;
    counts.currentPath = shownPath(directory);
    if (visit.kind === 'descend') {
      const before = await this.#beforeOf(visit);
      directory.deviceBefore = before?.deviceId;
      const rows = (await this.#earlierOf(directory, before))?.rows();
      // Without the parent's entries nothing can be taken over: the directory is listed like any other.
      if (rows) return this.#descend(directory, rows);
    }
    let listing: Listing;
    try {
      listing = await this.#list(directory);
    } catch (error) {
      return this.#unlistable(directory, await this.#beforeOf(visit), error);
    }
    const below = this.#known.takeOver(visit, listing);
    if (below) {
      this.#lookInto(below);
      this.#trees.settled(directory);
      return;
    }
    const before = await this.#beforeOf(visit);
    const earlier = await this.#earlierOf(directory, before);
    directory.print = listing.print;
    directory.deviceBefore = before?.deviceId;
    if (listing.count === 0 && listing.excluded === 0) {
      const stood = before ?? visit.replaced ?? null;
      if (visit.isTarget) await this.#emptied.refuse(directory, stood);
      else if (await this.#emptied.isLeftByMount(directory, stood))
        return this.#unlistable(directory, stood, unmounted());
    }
    counts.excluded += listing.excluded;
    const visits: Visit[] = [];
    if (!earlier || !this.#takeOverAll(directory, earlier, listing, visits)) {
      await this.#listings.settle(directory, listing, visits);
    }
    this.#context.ahead?.release();
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
    const found = listDirectory(path, directory.access, selection);
    if (isReachedByFolders(directory)) return found;
    // It is no longer what was to be listed, and its own way is gone.
    throw Object.assign(new Error('A link has taken its place.'), { code: 'ENOENT' });
  }

  async #beforeOf({ directory, before }: DirectoryVisit): Promise<TreeNode | null> {
    return before === 'unread' ? this.#known.recall(directory) : before;
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
    counts.settled(same.bytes, same.files);
    for (const { position, start, end } of same.directories) {
      const node = decodeNode(earlier.text.subarray(start, end));
      const name = nameAt(listing, position);
      const place = { position, name, ...placeIn(directory, name), stat: null };
      this.#settler.settleDirectory(directory, node, { ...place, before: node, same: node, isTarget: false }, visits);
    }
    return true;
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
    directory.earlier = before?.subtree ? await parent.directory(before.subtree, this.#known.reading()) : null;
    return directory.earlier;
  }

  /** Nothing changed in this directory itself: its entries are the parent's, but for those on the way to a change. */
  #descend(directory: Directory, rows: EarlierRows): void {
    const { dirty } = this.#context;
    directory.entries = DirectoryEntries.asBefore(rows);
    const visits: Visit[] = [];
    for (let position = 0; position < rows.count; position++) {
      if (rows.type(position) !== 'dir') continue;
      const node = rows.node(position);
      const name = bytePathOf(node.name);
      const place = placeIn(directory, name);
      const text = textOf(place.path);
      if (!dirty?.isDirty(text) && !dirty?.isOnTheWay(text)) continue;
      const entry = { position, name, ...place, stat: null, before: node, isTarget: false };
      this.#settler.settleEntry(directory, entry, visits);
    }
    this.#lookInto(visits);
    this.#trees.settled(directory);
  }

  async #unlistable(directory: Directory, before: TreeNode | null, error: unknown): Promise<void> {
    const { parent, position, path } = directory;
    if (!parent) throw error;
    const isEverywhere = before?.subtree !== undefined && (await this.#context.parent.isEverywhere(before.subtree));
    const name = bytePathOf(before?.name ?? '');
    closeAccess(directory);
    const place = { position, name, path: path ?? directory.access, access: directory.access, stat: null };
    this.#settler.keepEarlier(parent, { ...place, before, isTarget: false, isEverywhere }, error);
    this.#trees.settled(parent);
  }

  async #turnWithRoom(): Promise<void> {
    const { signal, files, attributes } = this.#context;
    throwIfCancelled(signal);
    await nextTurn();
    await files.roomy();
    await attributes.roomy();
  }
}

function isOwnPlace(selection: Selection, stat: EntryStat | null): boolean {
  return stat !== null && selection.isOwnPlace(stat);
}
