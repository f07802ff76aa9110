import { availableParallelism } from 'node:os';
import { hasCode, type TriplicateError, throwIfCancelled } from '../errors.ts';
import { readBlob } from '../repository/blob-reader.ts';
import { inParallel } from '../repository/in-parallel.ts';
import { bulkMemory } from '../store/bulk-memory.ts';
import { BLOCK_BYTES } from '../store/direct-files.ts';
import { systemCode, whyNotWritten } from '../store/file-errors.ts';
import { isTransferable, JobPool } from '../workers/job-pool.ts';
import { workerEntry } from '../workers/worker-entry.ts';
import { collectUses, isToWrite, WHOLE } from './content-uses.ts';
import { type EntryTable, isStaged } from './entry-table.ts';
import { outcomeOf } from './file-outcome.ts';
import type { LinkPlan } from './hard-links.ts';
import { jobOf, jobWithout } from './job-of-read.ts';
import { firstUse, type PackRead, planReads, READ_BYTES, readOfOne } from './jobs.ts';
import type { MountedDisks } from './mounted-disks.ts';
import type { RestorePlan, RestoreProblem } from './request.ts';
import type { RestoreJob, RestoreReply, RestoreWorkerData } from './restore-messages.ts';
import { shareColumns } from './shared-columns.ts';
import type { StagedFolders } from './staged-folders.ts';
import type { TargetGuard } from './target-guard.ts';
import type { TargetPaths } from './target-paths.ts';
import { createTemporary, finishTemporary, mayExist, removeQuietly } from './write-file.ts';

/**
 * Spans under way at once, from their reading to their last byte on the disk: with four of them the workers of a fast disk
 * stood still for a seventh of the time.
 */
const MOST_LANES = 8;
/** Files without content handed to a worker at once. */
const EMPTY_BATCH = 400;

/** Entries by their numbers. */
export interface FileWriterEvents {
  /** Something is about to be made for the entry: makes the folders that it is in. Gives why that one failed, if it did. */
  before(entry: number): RestoreProblem | undefined;
  /** `untimed`: its times are still to be set; those of the others come as blocks. */
  done(entry: number, times: 'in block' | 'untimed'): void;
  /** @param block as `TimeSetter` takes it */
  times(block: Uint8Array): void;
  failed(entry: number, reason: RestoreProblem, text: string): void;
  /** Its owner or mode could not be set; its content may be whole all the same. */
  unset(entry: number): void;
  bytes(written: number): void;
}

export interface FileWriterOptions {
  readonly owners: 'set' | 'leave';
  /** A few random letters that make this run's temporary names its own. */
  readonly mark: string;
  readonly guard: TargetGuard;
  readonly mounted: MountedDisks;
  readonly staged: StagedFolders;
  readonly signal?: AbortSignal | undefined;
}

export const FOLDER_FAILED = 'The folder that it is in could not be restored.';

/** How far a file is; kept as a number each, as there may be millions. */
const WAITING = 0;
/** It stands under its temporary name, with some of its parts. */
const MADE = 1;
const DONE = 2;
const FAILED = 3;
/** It is whole, in a folder that has not its name yet. */
const STAGED = 4;

/** Writes the content of files, pack by pack, in worker threads. Nothing unfinished is left behind, also on failure. */
export class FileWriter {
  readonly #plan: RestorePlan;
  readonly #table: EntryTable;
  readonly #links: LinkPlan;
  readonly #paths: TargetPaths;
  readonly #states: Uint8Array;
  /** Parts that are still to be written of files that are made; a file of one blob is made whole by a worker. */
  readonly #partsLeft = new Map<number, number>();
  readonly #events: FileWriterEvents;
  readonly #options: FileWriterOptions;
  readonly #pool: JobPool<RestoreJob, RestoreReply>;
  /** Memory for reads that is used again; new memory for each would cost as much as the reading. */
  readonly #rooms: Uint8Array[] = [];
  #fatal: TriplicateError | undefined;

  /** @param links files that get no content of their own */
  constructor(
    plan: RestorePlan,
    links: LinkPlan,
    paths: TargetPaths,
    events: FileWriterEvents,
    options: FileWriterOptions,
  ) {
    this.#plan = plan;
    this.#table = plan.entries.table;
    this.#links = links;
    this.#events = events;
    this.#options = options;
    this.#paths = paths;
    this.#states = new Uint8Array(this.#table.count);
    const data: RestoreWorkerData = {
      key: plan.request.repository.key,
      owners: options.owners,
      mark: options.mark,
      root: paths.root.toString('latin1'),
      device: plan.device,
      mounted: options.mounted,
      columns: shareColumns(this.#table),
    };
    const workers = Math.min(4, Math.max(1, availableParallelism()));
    this.#pool = new JobPool(workerEntry('restore-worker', import.meta.url), data, workers);
  }

  /** @throws `store/…` of the repository or of the target's disk, `cancelled` */
  async run(): Promise<void> {
    const { index, measured, request } = this.#plan;
    const { connections, remote } = request.repository.store.capabilities;
    const uses = collectUses(this.#table, this.#links, index, measured);
    // What comes over a thin line is not to be lost with a restore that is killed.
    if (!remote) this.#options.staged.choose(uses, index, measured);
    const reads = planReads(uses, index);
    try {
      const lanes = Math.max(2, Math.min(MOST_LANES, connections));
      await inParallel(this.#emptyBatches(), lanes, async (batch) => {
        const reachable = batch.filter((entry) => this.#isReachable(entry));
        await this.#runJob(jobWithout(reachable, this.#paths));
      });
      await inParallel(reads, lanes, (read) => this.#serve(read));
      this.#stopIfOver();
    } finally {
      await this.#pool.close();
      for (const entry of this.#partsLeft.keys()) {
        if (this.#states[entry] === MADE) removeQuietly(this.#temporaryOf(entry));
      }
      for (const folder of this.#options.staged.unnamed()) this.#nameUnfinished(folder);
    }
  }

  *#emptyBatches(): Generator<readonly number[]> {
    let batch: number[] = [];
    for (let entry = 0; entry < this.#table.count; entry++) {
      if (this.#table.contentCount(entry) > 0 || !isToWrite(this.#table, this.#links, entry)) continue;
      batch.push(entry);
      if (batch.length < EMPTY_BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async #serve(read: PackRead): Promise<void> {
    this.#stopIfOver();
    const { repository, signal } = this.#plan.request;
    const room = this.#roomFor(read);
    const range = { offset: read.offset, length: read.length, ...(room ? { room } : {}) };
    let bytes: Uint8Array;
    try {
      bytes = await repository.store.get({ type: 'data', id: read.packId }, range, signal);
    } catch (error) {
      if (!hasCode(error, 'store/not-found', 'store/corrupt')) throw error;
      for (const position of read.blobs.keys()) await this.#serveAlone(read, position);
      return;
    }
    const job = this.#jobOf(read, bytes);
    const bad = await this.#runJob(job, isTransferable(bytes) ? [bytes.buffer] : []);
    if (room) this.#rooms.push(room);
    for (const position of bad) await this.#serveAlone(read, position);
  }

  /** A store far away answers with memory of its own. */
  #roomFor(read: PackRead): Uint8Array | undefined {
    if (this.#plan.request.repository.store.capabilities.remote || read.length > READ_BYTES) return undefined;
    return this.#rooms.pop() ?? new Uint8Array(bulkMemory(READ_BYTES + 2 * BLOCK_BYTES));
  }

  /** The first copy of a blob was bad: another is looked for, else its files are left out. */
  async #serveAlone(read: PackRead, position: number): Promise<void> {
    const { repository, signal } = this.#plan.request;
    const { index } = this.#plan;
    const alone = readOfOne(read, position, index);
    const { id } = index.blobAt(read.blobs[position] as number);
    try {
      const bytes = await readBlob(repository, index, 'data', id, signal);
      await this.#runJob({ ...this.#jobOf(alone, bytes), form: 'plain', lengths: Uint32Array.of(bytes.length) });
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'repo/blob-missing')) throw error;
      const reason = hasCode(error, 'repo/blob-missing') ? 'missing' : 'damaged';
      for (const entry of alone.entries) this.#fail(entry, reason, (error as Error).message);
    }
  }

  #jobOf(read: PackRead, bytes: Uint8Array): RestoreJob {
    return jobOf(read, bytes, this.#plan.index, this.#paths, (entry, position) => {
      if (this.#states[entry] === FAILED || !this.#isReachable(entry)) return 'leave out';
      return position === WHOLE || this.#make(entry) ? 'take' : 'leave out';
    });
  }

  /** Has the folders made that the entry is in; a long path is to begin at one of them. */
  #isReachable(entry: number): boolean {
    const reason = this.#events.before(entry);
    if (reason) {
      this.#fail(entry, reason, FOLDER_FAILED);
      return false;
    }
    if (!this.#paths.isLong(entry)) return true;
    try {
      this.#paths.of(entry);
      return true;
    } catch (error) {
      this.#failBySystem(entry, error);
      return false;
    }
  }

  /** Makes a larger file under its temporary name when its first part comes. */
  #make(entry: number): boolean {
    if (this.#states[entry] === MADE) return true;
    try {
      this.#options.guard.assertHolds(this.#table, entry);
      createTemporary(this.#temporaryOf(entry), this.#table.sizes[entry] as number);
      this.#states[entry] = MADE;
      this.#partsLeft.set(entry, this.#table.contentCount(entry));
      return true;
    } catch (error) {
      this.#failBySystem(entry, error);
      return false;
    }
  }

  /**
   * Gives the positions of blobs that are bad.
   * @param transfer what the worker gets for good; anything else of the job is copied
   */
  async #runJob(job: RestoreJob, transfer: readonly ArrayBuffer[] = []): Promise<readonly number[]> {
    this.#stopIfOver();
    const reply = await this.#pool.run(job, transfer);
    for (const { file, ...error } of reply.failures) this.#failBySystem(file, error);
    for (const file of reply.unset) this.#events.unset(file);
    this.#events.bytes(reply.bytesWritten);
    this.#events.times(reply.times);
    const bad = new Set(reply.badBlobs);
    for (const entry of job.empty) this.#finishWhole(entry);
    for (let position = 0; position < job.useEnds.length; position++) {
      if (!bad.has(position)) this.#finishUses(job, position);
    }
    this.#stopIfOver();
    return reply.badBlobs;
  }

  #finishUses(job: RestoreJob, position: number): void {
    const end = job.useEnds[position] as number;
    for (let use = firstUse(job, position); use < end; use++) {
      const entry = job.entries[use] as number;
      if (job.positions[use] === WHOLE) this.#finishWhole(entry);
      else this.#finishPart(entry);
    }
  }

  #finishWhole(entry: number): void {
    if (this.#states[entry] !== WAITING) return;
    if (isStaged(this.#table, entry)) return this.#stage(entry);
    this.#states[entry] = DONE;
    this.#events.done(entry, 'in block');
  }

  #stage(entry: number): void {
    this.#states[entry] = STAGED;
    this.#settle(entry);
  }

  /** The folder that it is in may have waited for it. */
  #settle(entry: number): void {
    const folder = this.#options.staged.settle(entry);
    if (folder !== undefined) this.#nameFolder(folder);
  }

  #nameFolder(folder: number): void {
    const { staged } = this.#options;
    const all = [...staged.filesIn(folder)];
    const files = all.filter((file) => this.#states[file] === STAGED);
    // One that has failed was taken away, unless the disk refused.
    const isLeft = (file: number): boolean => this.#states[file] !== STAGED && mayExist(this.#temporaryOf(file));
    const content = files.length < all.length && all.some(isLeft) ? 'half files' : 'whole files';
    staged.giveName(folder, files, content, (entry, error) => this.#failBySystem(entry, error));
    for (const file of files) {
      if (this.#states[file] !== STAGED) continue;
      this.#states[file] = DONE;
      this.#events.done(file, 'untimed');
    }
  }

  /** After a failure: what is whole stays, under its name. */
  #nameUnfinished(folder: number): void {
    for (const file of this.#options.staged.filesIn(folder)) {
      if (this.#states[file] !== STAGED) removeQuietly(this.#temporaryOf(file));
    }
    this.#nameFolder(folder);
  }

  #finishPart(entry: number): void {
    if (this.#states[entry] !== MADE) return;
    const left = (this.#partsLeft.get(entry) ?? 0) - 1;
    this.#partsLeft.set(entry, left);
    if (left > 0) return;
    const waits = isStaged(this.#table, entry);
    const path = waits ? undefined : this.#paths.of(entry);
    try {
      const outcome = outcomeOf(this.#table, entry, this.#options.owners, this.#temporaryOf(entry), path);
      if (finishTemporary(outcome) === 'refused') this.#events.unset(entry);
      this.#partsLeft.delete(entry);
      if (waits) return this.#stage(entry);
      this.#states[entry] = DONE;
      this.#events.done(entry, 'untimed');
    } catch (error) {
      this.#failBySystem(entry, error);
    }
  }

  /** @param error what the system said, here or in a worker */
  #failBySystem(entry: number, error: unknown): void {
    const code = systemCode(error);
    this.#fatal ??= this.#options.guard.judge(error);
    const reason =
      code === 'EEXIST' ? 'in-the-way' : code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : 'failed';
    this.#fail(entry, reason, `It could not be written: ${whyNotWritten(error)}`);
  }

  #fail(entry: number, reason: RestoreProblem, text: string): void {
    const state = this.#states[entry];
    if (state === FAILED || state === DONE) return;
    if (state === MADE || state === STAGED) removeQuietly(this.#temporaryOf(entry));
    this.#states[entry] = FAILED;
    this.#events.failed(entry, reason, text);
    if (state !== STAGED) this.#settle(entry);
  }

  /** Made when needed: for many files, keeping them would cost more than the files' names. */
  #temporaryOf(entry: number): Buffer {
    return this.#paths.temporaryOf(entry, this.#options.mark);
  }

  #stopIfOver(): void {
    throwIfCancelled(this.#options.signal);
    if (this.#fatal) throw this.#fatal;
  }
}
