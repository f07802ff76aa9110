import { TriplicateError, toWire, type WireError } from '../errors.ts';
import type { StoredPack } from '../format/index-file.ts';
import { type BlobType, PackHeaderBlobs } from '../format/pack.ts';
import type { Snapshot } from '../format/snapshot.ts';
import type { BlobId, IndexId, PackId, SnapshotId, TreeId } from '../ids.ts';
import type { BlobIndex, LoadedIndex } from '../repository/blob-index.ts';
import { IdTable } from '../repository/id-table.ts';
import { IndexWriter } from '../repository/index-writer.ts';
import type { PackListing } from '../repository/lost-packs.ts';
import type { Repository } from '../repository/repository.ts';
import { type SnapshotList, saveSnapshot, saveSnapshotAfter } from '../repository/snapshots.ts';
import { putAfter } from '../store/put-after.ts';
import type { PackMessage } from '../workers/backup-pool.ts';

/** What a destination of a run gets from whoever holds its lock. */
export interface WriteLeave {
  /** Nothing is put in place before it resolves, though bytes may travel; when it rejects, the destination has failed. */
  readonly held: Promise<void>;
  /** Fires when the lock can no longer be trusted: the destination has failed then. */
  readonly lost: AbortSignal;
  /** Ends what is being written: the caller has cancelled, or the lock is lost. */
  readonly signal: AbortSignal;
}

/** Index files and the snapshot, whose bytes travel while the last packs do; each waits for its turn to be in place. */
interface SentAhead {
  readonly index: { readonly files: readonly Promise<IndexId>[]; readonly turn: PromiseWithResolvers<void> };
  readonly snapshot: { readonly file: Promise<SnapshotId>; readonly turn: PromiseWithResolvers<void> };
  /** Ends what still travels. */
  readonly over: AbortController;
}

/** Ids. */
const WORTH_FORGETTING = 16 * 1024;
/** Stored packs become part of the index at least this often, so that an interrupted run need not begin anew. */
const INDEX_PERIOD_NS = 5n * 60n * 1_000_000_000n;

/**
 * One destination of a run: what it has and lacks, its packs on their way, its index. When it fails, it fails alone:
 * `failure` is set, and nothing more is asked of it.
 */
export class DestinationWriter {
  readonly repository: Repository;
  readonly snapshots: Promise<SnapshotList>;
  /** The packs as they were when the run began, where they were listed ahead. */
  readonly packs: PackListing | undefined;
  readonly #loaded: LoadedIndex;
  readonly #claimed: Record<BlobType, IdTable> = { data: new IdTable(), tree: new IdTable() };
  readonly #indexWriter: IndexWriter;
  /** Packs on their way, and those that are stored and in no index file yet. */
  readonly #coming = new Set<StoredPack>();
  readonly #stored: StoredPack[] = [];
  /** Packs that an index file names and that `index` has not taken in yet. */
  readonly #named: StoredPack[] = [];
  /** Flushes that are due or under way. */
  #flushes = 0;
  /** Resolves when packs may get their names. */
  #mayStore: Promise<void>;
  #ahead: SentAhead | undefined;
  readonly #indexIds: IndexId[];
  readonly #leave: WriteLeave;
  readonly #failed = Promise.withResolvers<void>();
  /** Ends packs on their way: of a destination that has failed they would be named by nobody. */
  readonly #over = new AbortController();
  readonly #storing: AbortSignal;
  #lastIndexAt: bigint;
  #flushing: Promise<void> = Promise.resolve();
  #failure: WireError | undefined;
  readonly added = { data: 0, tree: 0, bytes: 0 };
  /** Directories that the index names and that turned out to be damaged. */
  readonly #damagedTrees = new IdTable();
  /** See `DestinationResult`. */
  damagedParts = 0;
  indexLost = false;
  unnamedPacks = 0;

  /** @param snapshots what the destination has, being read */
  constructor(
    repository: Repository,
    loaded: LoadedIndex,
    snapshots: Promise<SnapshotList>,
    leave: WriteLeave,
    packs?: PackListing,
  ) {
    this.snapshots = snapshots;
    this.packs = packs;
    this.repository = repository;
    this.#loaded = loaded;
    this.#indexIds = [...loaded.indexIds];
    this.#indexWriter = new IndexWriter(repository);
    this.#lastIndexAt = repository.host.clock.now();
    this.#leave = leave;
    this.#storing = AbortSignal.any([leave.signal, this.#over.signal]);
    leave.held.catch((error) => this.fail(error));
    this.#mayStore = this.#unlessFailed(leave.held);
    leave.lost.addEventListener('abort', () => this.fail(leave.lost.reason), { once: true });
  }

  get failure(): WireError | undefined {
    return this.#failure;
  }

  get index(): BlobIndex {
    return this.#loaded.index;
  }

  /** Resolves when nothing more is asked of this destination. */
  get failed(): Promise<void> {
    return this.#failed.promise;
  }

  fail(error: unknown): void {
    this.#failure ??= toWire(error);
    this.#failed.resolve();
    this.#over.abort();
  }

  /** Whether the blob was stored before this run or has been claimed in it. */
  has(type: BlobType, id: BlobId): boolean {
    const bytes = Buffer.from(id, 'hex');
    return this.#isStored(type, bytes, 0) || this.#claimed[type].find(bytes) !== -1;
  }

  /** Whether each of these data blobs (32 bytes each) was stored before this run. */
  hasAllData(ids: Uint8Array): boolean {
    for (let offset = 0; offset < ids.length; offset += 32) {
      if (!this.index.hasBytes('data', ids, offset)) return false;
    }
    return true;
  }

  /** True when the destination lacks the blob (32 bytes at `offset`); the caller has to store it then. */
  claim(type: BlobType, id: Uint8Array, offset: number): boolean {
    if (this.#failure || this.#isStored(type, id, offset) || this.#claimed[type].find(id, offset) !== -1) return false;
    this.#claimed[type].add(id, offset);
    return true;
  }

  /**
   * The directory is damaged there. What is below it cannot be looked at then, so from now on every directory of this run
   * is stored again: a few megabytes against a version that cannot be restored.
   */
  noteDamagedTree(id: TreeId): void {
    const bytes = Buffer.from(id, 'hex');
    if (this.#damagedTrees.find(bytes) !== -1) return;
    this.#damagedTrees.add(bytes);
    this.damagedParts++;
  }

  /** Nothing that is stored there can be found any more: it is stored again. */
  noteLostIndex(): void {
    this.indexLost = true;
    this.damagedParts++;
  }

  #isStored(type: BlobType, id: Uint8Array, offset: number): boolean {
    if (!this.index.hasBytes(type, id, offset)) return false;
    return type === 'data' || this.#damagedTrees.size === 0;
  }

  /** Until `look` has resolved with true, packs only travel: nothing is put in place where stored ones may be missing. */
  storeOnlyAfter(look: Promise<boolean>): void {
    const looked = look.then((isGood) => {
      if (!isGood || this.#failure) throw givenUp();
    });
    this.#mayStore = this.#unlessFailed(Promise.all([this.#leave.held, looked]));
  }

  /** Resolves as `first` does; whoever waits when the destination fails, by whatever, waits no longer. */
  #unlessFailed(first: Promise<unknown>): Promise<void> {
    const failed = this.failed.then(() => {
      throw givenUp();
    });
    const ready = Promise.race([first, failed]).then(() => undefined);
    ready.catch(() => undefined);
    return ready;
  }

  /** Stores a pack; a failure is kept in `failure`. */
  async storePack(pack: PackMessage): Promise<void> {
    if (this.#failure) return;
    const { id, indexText } = pack;
    const stored = { id: id as PackId, blobs: new PackHeaderBlobs(pack.header, pack.blobCount), indexText };
    this.#coming.add(stored);
    try {
      const name = { type: 'data', id: pack.id } as const;
      await putAfter(this.repository.store, name, pack.bytes, orGiveUp(this.#mayStore), this.#storing);
      this.#indexWriter.add(stored);
      // A pack holds one type (format, section 6).
      for (const { type } of stored.blobs) {
        this.added[type] += stored.blobs.length;
        break;
      }
      this.added.bytes += pack.bytes.length;
      this.#stored.push(stored);
      this.#coming.delete(stored);
      await this.#flushWhenDue();
    } catch (error) {
      this.fail(error);
    } finally {
      this.#coming.delete(stored);
    }
  }

  /**
   * The last pack is on its way: sends index and snapshot after it, where the place lets bytes travel before they count.
   * They are in place, one after the other, only when `finishIndex` and `finishSnapshot` say so.
   */
  sendAhead(snapshot: Snapshot): void {
    if (!this.repository.store.putAfter || this.#failure || this.#flushes > 0 || this.#ahead) return;
    const index = Promise.withResolvers<void>();
    const last = Promise.withResolvers<void>();
    const over = new AbortController();
    const signal = AbortSignal.any([this.#leave.signal, over.signal]);
    const files = this.#indexWriter.sendAhead([...this.#coming], index.promise, signal);
    const file = saveSnapshotAfter(this.repository, snapshot, last.promise, signal);
    for (const promise of [...files, file, index.promise, last.promise]) promise.catch(() => undefined);
    this.#ahead = { index: { files, turn: index }, snapshot: { file, turn: last }, over };
  }

  /** Takes back what was sent ahead and is not in place. Never throws. */
  async takeBack(): Promise<void> {
    if (!this.#ahead) return;
    const { index, snapshot, over } = this.#ahead;
    for (const { turn } of [index, snapshot]) turn.reject(givenUp());
    // What travels to a place that has gone would take minutes to fail.
    over.abort();
    await Promise.allSettled([...index.files, snapshot.file]);
    this.#ahead = undefined;
  }

  /** Names all stored packs in the index. @throws `store/…`, `repo/locked` */
  async finishIndex(): Promise<void> {
    await this.#leave.held;
    await this.#flushing;
    if (!this.#ahead) return this.#flush();
    this.#ahead.index.turn.resolve();
    this.#indexIds.push(...(await Promise.all(this.#ahead.index.files)));
    this.#indexWriter.forget();
    this.#named.push(...this.#stored.splice(0));
  }

  /** Stores the snapshot, after the index. @throws `store/…` */
  finishSnapshot(snapshot: Snapshot): Promise<SnapshotId> {
    if (!this.#ahead) return saveSnapshot(this.repository, snapshot, this.#leave.signal);
    this.#ahead.snapshot.turn.resolve();
    return this.#ahead.snapshot.file;
  }

  /** After a run that did not end well: names what was stored, so that the next run need not store it again. */
  async salvage(): Promise<void> {
    await this.takeBack();
    if (this.#failure) return;
    await this.#flushing.catch(() => undefined);
    await this.#flush(null).catch((error) => this.fail(error));
  }

  /** The index with what this run added: only packs that an index file names are in it. */
  currentIndex(): LoadedIndex {
    this.takeIn();
    return { index: this.index, indexIds: this.#indexIds, damaged: [] };
  }

  /** Takes what index files name into `index`: of a first backup that takes some time, in which the snapshot can travel. */
  takeIn(): void {
    for (const id of this.#indexIds) this.index.noteFile(id);
    for (const pack of this.#named.splice(0)) this.index.addPack(pack);
    this.#forgetStored();
  }

  async #flushWhenDue(): Promise<void> {
    // What was sent ahead names this pack too.
    if (this.#ahead) return;
    const now = this.repository.host.clock.now();
    if (!this.#indexWriter.isFull && now - this.#lastIndexAt < INDEX_PERIOD_NS) return;
    this.#lastIndexAt = now;
    this.#flushes++;
    this.#flushing = this.#flushing
      .then(() => this.#flush())
      .then(() => this.takeIn())
      .finally(() => {
        this.#flushes--;
      });
    await this.#flushing;
  }

  async #flush(signal: AbortSignal | null = this.#leave.signal): Promise<void> {
    const named = this.#stored.splice(0);
    try {
      this.#indexIds.push(...(await this.#indexWriter.flush(signal ?? undefined)));
    } catch (error) {
      this.#stored.unshift(...named);
      throw error;
    }
    this.#named.push(...named);
  }

  /** What the index has need not be kept as claimed too: of a million files that would be a fifth of the memory. */
  #forgetStored(): void {
    const claimed = this.#claimed.data;
    if (claimed.size < WORTH_FORGETTING) return;
    const waiting = new IdTable();
    for (let entry = 0; entry < claimed.size; entry++) {
      const id = claimed.idBytes(entry);
      if (!this.index.hasBytes('data', id, 0)) waiting.add(id);
    }
    this.#claimed.data = waiting;
    claimed.discard();
  }
}

/** Gives up when `ready` rejects: whoever awaits that deals with its error, and nothing is tried again. */
function orGiveUp(ready: Promise<void>): Promise<void> {
  const orElse = ready.catch(() => {
    throw givenUp();
  });
  // Bytes that did not arrive wait for nothing any more.
  orElse.catch(() => undefined);
  return orElse;
}

function givenUp(): TriplicateError {
  return new TriplicateError('cancelled', 'What had to come first did not.');
}
