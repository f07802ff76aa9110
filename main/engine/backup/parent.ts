import type { Nanoseconds } from '../clock.ts';
import { hasCode } from '../errors.ts';
import type { BlobType } from '../format/pack.ts';
import { decodeTree } from '../format/tree.ts';
import type { BlobId, SnapshotId, TreeId } from '../ids.ts';
import { readBlob } from '../repository/blob-reader.ts';
import { fitsFilter, type StoredSnapshot } from '../repository/snapshots.ts';
import { loadTreeTexts } from '../walk/load-trees.ts';
import type { DestinationWriter } from './destination-writer.ts';
import { type EarlierRows, NodeRows, rowsOfText } from './earlier-rows.ts';

/** What earlier snapshots give a run: metadata to compare with, and content that need not be read again. */
export interface Parent {
  /** The newest fitting snapshot in each destination, in their order. */
  readonly snapshotIds: readonly (SnapshotId | null)[];
  /** The tree that the run compares with; null when there is none. */
  readonly tree: TreeId | null;
  /** When that snapshot was begun; null when there is none. */
  readonly time: Nanoseconds | null;
  /** True when every destination has a snapshot of just this tree: only then may whole subtrees be taken over by id. */
  readonly everywhere: boolean;
  /**
   * A directory of that tree; null when it cannot be read: then everything in it is looked at anew. `with-next`: those that
   * will be asked for next are fetched along.
   */
  directory(tree: TreeId, reading: 'alone' | 'with-next'): Promise<EarlierDirectory | null>;
  /** These directories will be asked for soon: in this order. Those that follow each other are fetched together. */
  willAskFor(trees: readonly TreeId[]): void;
  /** How many files are in these directories and below, as far as they can be read. */
  filesBelow(trees: readonly TreeId[]): Promise<number>;
  /** Whether every destination has this directory of the tree with all that is in it. Walks through it where the trees differ. */
  isEverywhere(tree: TreeId): Promise<boolean>;
}

/** A directory of an earlier snapshot. */
export interface EarlierDirectory {
  readonly tree: TreeId;
  /** Its plaintext. */
  readonly text: Uint8Array;
  /** Its entries, found when they are asked for: most directories are compared as text. Null when it is damaged. */
  rows(): EarlierRows | null;
}

/** As restic (format, section 9): newest snapshot up to now of the same host that contains every path of this run. */
export async function findParent(
  writers: readonly DestinationWriter[],
  wanted: { readonly paths: readonly string[]; readonly hostname: string; readonly now: Nanoseconds },
  signal: AbortSignal | undefined,
): Promise<Parent> {
  const found = await Promise.all(writers.map((writer) => newest(writer, wanted)));
  const candidates = writers
    .map((writer, position) => ({ writer, stored: found[position] }))
    .filter((one): one is { writer: DestinationWriter; stored: StoredSnapshot } => one.stored !== undefined)
    .sort((a, b) => compareForReading(a.stored, a.writer, b.stored, b.writer));
  const source = candidates[0];
  const tree = source?.stored.snapshot.tree ?? null;
  const alive = writers.filter(({ failure }) => !failure).length;
  const reader = source ? new ParentReader(source.writer, signal) : undefined;
  const everywhere = tree !== null && candidates.filter(({ stored }) => stored.snapshot.tree === tree).length >= alive;
  return {
    snapshotIds: found.map((stored) => stored?.id ?? null),
    tree,
    time: source?.stored.snapshot.time.ns ?? null,
    everywhere,
    directory: async (id, reading) => (reader ? reader.directory(id, reading) : null),
    willAskFor: (ids) => reader?.willAskFor(ids),
    filesBelow: async (ids) => (reader ? reader.filesBelow(ids) : 0),
    isEverywhere: async (id) => everywhere || ((await reader?.isIn(writers, id)) ?? false),
  };
}

/** Directories that are held ahead at most, as plaintext. */
const AHEAD_BYTES = 8 * 1024 * 1024;
const MOST_AHEAD = 1024;
/** A directory whose text is larger is not fetched ahead: it takes long to read, and would be in vain where it is not asked for. */
const LARGEST_AHEAD = 1024 * 1024;
/** Directories that are counted through: the same ones again and again would never end. */
const MOST_COUNTED = 200_000;

/** Reads the directories of the parent: one by one they would cost a request each, which to a far place is a long time. */
class ParentReader {
  readonly #source: DestinationWriter;
  readonly #signal: AbortSignal | undefined;
  /** What will be asked for, the next one last. */
  readonly #soon: TreeId[] = [];
  readonly #texts = new Map<TreeId, Uint8Array>();
  #bytes = 0;

  constructor(source: DestinationWriter, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  willAskFor(ids: readonly TreeId[]): void {
    this.#soon.push(...ids.toReversed());
  }

  async directory(id: TreeId, reading: 'alone' | 'with-next'): Promise<EarlierDirectory | null> {
    const position = this.#soon.lastIndexOf(id);
    if (position !== -1) this.#soon.length = position;
    try {
      const text = await this.#textOf(id, reading);
      let rows: EarlierRows | null | undefined;
      return {
        tree: id,
        text,
        rows: () => {
          if (rows === undefined) rows = rowsOfText(text) ?? this.#rowsOfNodes(id, text);
          return rows;
        },
      };
    } catch (error) {
      this.#noteDamage(id, error);
      return null;
    }
  }

  async filesBelow(ids: readonly TreeId[]): Promise<number> {
    let files = 0;
    let directories = 0;
    this.#soon.length = 0;
    const waiting = ids.toReversed();
    this.willAskFor(ids);
    for (let id = waiting.pop(); id !== undefined && directories < MOST_COUNTED; id = waiting.pop()) {
      directories++;
      const rows = (await this.directory(id, 'with-next'))?.rows();
      const below: TreeId[] = [];
      for (let row = 0; row < (rows?.count ?? 0); row++) {
        if (rows?.type(row) === 'file') files++;
        const subtree = rows?.subtree(row);
        if (subtree) below.push(subtree);
      }
      this.willAskFor(below);
      waiting.push(...below.toReversed());
    }
    return files;
  }

  /** Whether all of these destinations, but for those that have failed, have a directory and everything below. */
  async isIn(writers: readonly DestinationWriter[], tree: TreeId): Promise<boolean> {
    const have = (type: BlobType, id: BlobId): boolean =>
      writers.every((writer) => writer.failure || writer.has(type, id));
    const waiting = [tree];
    const known = new Set<TreeId>(waiting);
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const rows = have('tree', id) ? (await this.directory(id, 'alone'))?.rows() : null;
      if (!rows || known.size > MOST_COUNTED) return false;
      for (let row = 0; row < rows.count; row++) {
        const { content, subtree } = rows.node(row);
        if (content && !content.every((blob) => have('data', blob))) return false;
        if (!subtree || known.has(subtree)) continue;
        known.add(subtree);
        waiting.push(subtree);
      }
    }
    return true;
  }

  #rowsOfNodes(id: TreeId, text: Uint8Array): EarlierRows | null {
    try {
      return new NodeRows(decodeTree(text));
    } catch (error) {
      this.#noteDamage(id, error);
      return null;
    }
  }

  async #textOf(id: TreeId, reading: 'alone' | 'with-next'): Promise<Uint8Array> {
    const { repository, index } = this.#source;
    if (reading === 'with-next' && !this.#texts.has(id)) await this.#fetchFrom(id);
    const text = this.#texts.get(id);
    if (!text) return readBlob(repository, index, 'tree', id, this.#signal);
    this.#texts.delete(id);
    this.#bytes -= text.length;
    return text;
  }

  /** @throws what is no damage */
  #noteDamage(id: TreeId, error: unknown): void {
    if (!hasCode(error, 'repo/blob-missing', 'repo/damaged', 'store/corrupt', 'store/not-found')) throw error;
    // What a lost pack held counts as absent already, and is counted with its pack.
    if (this.#source.index.hasBytes('tree', Buffer.from(id, 'hex'), 0)) this.#source.noteDamagedTree(id);
  }

  /** Fetches a directory, those that follow it, and those below them, level by level, as far as there is room. */
  async #fetchFrom(id: TreeId): Promise<void> {
    const { repository, index } = this.#source;
    if (this.#bytes >= AHEAD_BYTES || this.#texts.size >= MOST_AHEAD) this.#forgetAll();
    let level: readonly TreeId[] = [id, ...this.#withRoom(this.#soon.toReversed())];
    while (level.length > 0) {
      const texts = await loadTreeTexts(repository, index, level, this.#signal);
      for (const [fetched, text] of texts) {
        this.#texts.set(fetched, text);
        this.#bytes += text.length;
      }
      level = this.#withRoom([...texts.values()].flatMap(subtreesIn));
    }
  }

  /** Directories that are gone from the disk are never asked for, and would take the room for good. */
  #forgetAll(): void {
    this.#texts.clear();
    this.#bytes = 0;
  }

  /** Those of the directories that are not there yet and for which there is room. */
  #withRoom(ids: readonly TreeId[]): readonly TreeId[] {
    const chosen = new Set<TreeId>();
    let bytes = this.#bytes;
    for (const id of ids) {
      if (bytes >= AHEAD_BYTES || this.#texts.size + chosen.size >= MOST_AHEAD) break;
      if (this.#texts.has(id)) continue;
      const place = this.#source.index.lookup('tree', id);
      const size = place ? place.uncompressedLength || place.length : 0;
      if (size > LARGEST_AHEAD) continue;
      chosen.add(id);
      bytes += size;
    }
    return [...chosen];
  }
}

const SUBTREE = Buffer.from('"subtree":"');

/** Ids of the directories in a directory, without reading it as JSON: a wrong guess only costs a request. */
function subtreesIn(text: Uint8Array): readonly TreeId[] {
  const json = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const found: TreeId[] = [];
  for (let at = json.indexOf(SUBTREE); at !== -1; at = json.indexOf(SUBTREE, at + SUBTREE.length)) {
    const id = json.toString('latin1', at + SUBTREE.length, at + SUBTREE.length + 64);
    if (/^[0-9a-f]{64}$/.test(id)) found.push(id as TreeId);
  }
  return found;
}

async function newest(
  writer: DestinationWriter,
  wanted: { readonly paths: readonly string[]; readonly hostname: string; readonly now: Nanoseconds },
): Promise<StoredSnapshot | undefined> {
  if (writer.failure) return undefined;
  try {
    const { snapshots } = await writer.snapshots;
    const { paths, hostname, now } = wanted;
    const filter = { paths, hostnames: [hostname] };
    return snapshots.filter(({ snapshot }) => fitsFilter(snapshot, filter) && snapshot.time.ns <= now).at(-1);
  } catch (error) {
    writer.fail(error);
    return undefined;
  }
}

/** The newest first; of equal age the one that is not behind a network. */
function compareForReading(
  a: StoredSnapshot,
  aOf: DestinationWriter,
  b: StoredSnapshot,
  bOf: DestinationWriter,
): number {
  const age = b.snapshot.time.ns - a.snapshot.time.ns;
  if (age !== 0n) return age > 0n ? 1 : -1;
  const remote = (writer: DestinationWriter): number => (writer.repository.store.capabilities.remote ? 1 : 0);
  return remote(aOf) - remote(bOf);
}
