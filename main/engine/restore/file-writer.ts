import { availableParallelism } from 'node:os';
import { hasCode, type TriplicateError, throwIfCancelled } from '../errors.ts';
import { permissionsOf } from '../format/mode.ts';
import { readBlob } from '../repository/blob-reader.ts';
import { inParallel } from '../repository/in-parallel.ts';
import { bulkMemory } from '../store/bulk-memory.ts';
import { BLOCK_BYTES } from '../store/direct-files.ts';
import { whyNotWritten } from '../store/file-errors.ts';
import { isTransferable, JobPool } from '../workers/job-pool.ts';
import { workerEntry } from '../workers/worker-entry.ts';
import { type PackRead, planReads, READ_BYTES, type WantedBlob } from './jobs.ts';
import type { PlannedEntry, RestorePlan, RestoreProblem } from './request.ts';
import type { FilePart, RestoreJob, RestoreReply, RestoreWorkerData, WholeFile } from './restore-messages.ts';
import { liesInRoot, type TargetGuard } from './target-guard.ts';
import type { TargetPaths } from './target-paths.ts';
import { temporaryPath } from './temporary-names.ts';
import { createTemporary, finishTemporary, removeQuietly } from './write-file.ts';

/** Reads under way at once. */
const MOST_LANES = 4;
/** Files without content handed to a worker at once. */
const EMPTY_BATCH = 400;

export interface FileWriterEvents {
  done(entry: PlannedEntry, path: Buffer): void;
  failed(entry: PlannedEntry, reason: RestoreProblem, text: string): void;
  bytes(written: number): void;
}

export interface FileWriterOptions {
  readonly owners: 'set' | 'leave';
  /** A few random letters that make this run's temporary names its own. */
  readonly mark: string;
  readonly guard: TargetGuard;
  readonly signal?: AbortSignal | undefined;
}

/** How far a file is; kept as a number each, as there may be millions. */
const WAITING = 0;
/** It stands under its temporary name, with some of its parts. */
const MADE = 1;
const DONE = 2;
const FAILED = 3;

/** Writes the content of files, pack by pack, in worker threads. Nothing unfinished is left behind, also on failure. */
export class FileWriter {
  readonly #plan: RestorePlan;
  readonly #paths: TargetPaths;
  readonly #files: readonly PlannedEntry[];
  readonly #states: Uint8Array;
  /** Blobs that are still to be written; a file of one blob is made whole by a worker. */
  readonly #partsLeft: Uint32Array;
  readonly #events: FileWriterEvents;
  readonly #options: FileWriterOptions;
  readonly #pool: JobPool<RestoreJob, RestoreReply>;
  /** Memory for reads that is used again; new memory for each would cost as much as the reading. */
  readonly #rooms: Uint8Array[] = [];
  #fatal: TriplicateError | undefined;

  constructor(
    plan: RestorePlan,
    entries: readonly PlannedEntry[],
    paths: TargetPaths,
    events: FileWriterEvents,
    options: FileWriterOptions,
  ) {
    this.#plan = plan;
    this.#events = events;
    this.#options = options;
    this.#paths = paths;
    this.#files = entries;
    this.#states = new Uint8Array(entries.length);
    this.#partsLeft = Uint32Array.from(entries, ({ node }) => node.content?.length ?? 0);
    const data: RestoreWorkerData = {
      key: plan.request.repository.key,
      owners: options.owners,
      mark: options.mark,
      root: paths.root.toString('latin1'),
      device: options.guard.device,
    };
    const workers = Math.min(4, Math.max(1, availableParallelism()));
    this.#pool = new JobPool(workerEntry('restore-worker', import.meta.url), data, workers);
  }

  /** @throws `store/…` of the repository or of the target's disk, `cancelled` */
  async run(): Promise<void> {
    const { repository } = this.#plan.request;
    const reads = planReads(this.#files, this.#plan.index, this.#plan.measured);
    try {
      const lanes = Math.max(2, Math.min(MOST_LANES, repository.store.capabilities.connections));
      await inParallel(this.#emptyBatches(), lanes, (batch) => this.#writeEmpty(batch));
      await inParallel(reads, lanes, (read) => this.#serve(read));
    } finally {
      await this.#pool.close();
      for (const [number, state] of this.#states.entries()) {
        if (state === MADE) removeQuietly(this.#temporaryOf(number));
      }
    }
  }

  #emptyBatches(): readonly (readonly number[])[] {
    const empty = [...this.#files.keys()].filter((number) => this.#partsLeft[number] === 0);
    return Array.from({ length: Math.ceil(empty.length / EMPTY_BATCH) }, (_, i) =>
      empty.slice(i * EMPTY_BATCH, (i + 1) * EMPTY_BATCH),
    );
  }

  async #writeEmpty(numbers: readonly number[]): Promise<void> {
    const whole = numbers.map((number) => this.#wholeFile(number, -1));
    await this.#runJob({ bytes: new Uint8Array(0), form: 'sealed', blobs: [], whole, parts: [] }, []);
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
      for (const blob of read.blobs) await this.#serveAlone(blob);
      return;
    }
    const bad = await this.#runJob(this.#jobOf(read, bytes), read.blobs, isTransferable(bytes) ? [bytes.buffer] : []);
    if (room) this.#rooms.push(room);
    for (const blob of bad) await this.#serveAlone(blob);
  }

  /** A store far away answers with memory of its own. */
  #roomFor(read: PackRead): Uint8Array | undefined {
    if (this.#plan.request.repository.store.capabilities.remote || read.length > READ_BYTES) return undefined;
    return this.#rooms.pop() ?? new Uint8Array(bulkMemory(READ_BYTES + 2 * BLOCK_BYTES));
  }

  /** The first copy of a blob was bad: another is looked for, else its files are left out. */
  async #serveAlone(blob: WantedBlob): Promise<void> {
    const { repository, signal } = this.#plan.request;
    try {
      const bytes = await readBlob(repository, this.#plan.index, 'data', blob.id, signal);
      const place = { ...blob.place, offset: 0, length: bytes.length };
      const read = { packId: place.packId, offset: 0, length: bytes.length, blobs: [{ ...blob, place }] };
      await this.#runJob({ ...this.#jobOf(read, bytes), form: 'plain' }, read.blobs);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'repo/blob-missing')) throw error;
      const reason = hasCode(error, 'repo/blob-missing') ? 'missing' : 'damaged';
      for (const { file } of blob.uses) this.#fail(file, reason, (error as Error).message);
    }
  }

  #jobOf(read: PackRead, bytes: Uint8Array): RestoreJob {
    const whole: WholeFile[] = [];
    const parts: FilePart[] = [];
    for (const [position, { uses }] of read.blobs.entries()) {
      for (const { file, at } of uses) {
        if (this.#states[file] === FAILED) continue;
        if (this.#entry(file).node.content?.length === 1) whole.push(this.#wholeFile(file, position));
        else if (this.#make(file)) {
          parts.push({ file, blob: position, at, temporary: this.#temporaryOf(file).toString('latin1') });
        }
      }
    }
    const blobs = read.blobs.map(({ id, place }) => ({
      id,
      start: place.offset - read.offset,
      length: place.length,
      uncompressedLength: place.uncompressedLength,
    }));
    return { bytes, form: 'sealed', blobs, whole, parts };
  }

  /** Makes a larger file under its temporary name when its first part comes. */
  #make(number: number): boolean {
    if (this.#states[number] === MADE) return true;
    try {
      const temporary = this.#temporaryOf(number);
      if (liesInRoot(temporary, this.#paths.root)) this.#options.guard.assertThere();
      createTemporary(temporary, this.#entry(number).node.size);
      this.#states[number] = MADE;
      return true;
    } catch (error) {
      this.#failBySystem(number, error as { code?: string; message?: string });
      return false;
    }
  }

  /** @param transfer what the worker gets for good; anything else of the job is copied */
  async #runJob(
    job: RestoreJob,
    blobs: readonly WantedBlob[],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<readonly WantedBlob[]> {
    this.#stopIfOver();
    const reply = await this.#pool.run(job, transfer);
    for (const { file, ...error } of reply.failures) this.#failBySystem(file, error);
    this.#events.bytes(reply.bytesWritten);
    const bad = new Set(reply.badBlobs);
    for (const { file, blob } of job.whole) if (!bad.has(blob)) this.#finishWhole(file);
    for (const { file, blob } of job.parts) if (!bad.has(blob)) this.#finishPart(file);
    this.#stopIfOver();
    return blobs.filter((_, position) => bad.has(position));
  }

  #finishWhole(number: number): void {
    if (this.#states[number] !== WAITING) return;
    this.#states[number] = DONE;
    this.#events.done(this.#entry(number), this.#pathOf(number));
  }

  #finishPart(number: number): void {
    if (this.#states[number] !== MADE) return;
    const left = (this.#partsLeft[number] ?? 0) - 1;
    this.#partsLeft[number] = left;
    if (left > 0) return;
    const entry = this.#entry(number);
    const path = this.#pathOf(number);
    const temporary = this.#temporaryOf(number);
    const owner = this.#options.owners === 'set' ? { owner: { uid: entry.node.uid, gid: entry.node.gid } } : {};
    try {
      finishTemporary({ path, temporary, mode: modeOf(entry), existing: existingOf(entry), ...owner });
      this.#states[number] = DONE;
      this.#events.done(entry, path);
    } catch (error) {
      this.#failBySystem(number, error as { code?: string; message?: string });
    }
  }

  #wholeFile(number: number, blob: number): WholeFile {
    const entry = this.#entry(number);
    return {
      file: number,
      blob,
      path: this.#pathOf(number).toString('latin1'),
      mode: modeOf(entry),
      uid: entry.node.uid,
      gid: entry.node.gid,
      existing: existingOf(entry),
    };
  }

  #entry(number: number): PlannedEntry {
    return this.#files[number] as PlannedEntry;
  }

  #failBySystem(number: number, error: { readonly code?: string; readonly message?: string }): void {
    const { code = '' } = error;
    this.#fatal ??= this.#options.guard.judge(error);
    const reason =
      code === 'EEXIST' ? 'in-the-way' : code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : 'failed';
    this.#fail(number, reason, `It could not be written: ${whyNotWritten(error)}`);
  }

  #fail(number: number, reason: RestoreProblem, text: string): void {
    const state = this.#states[number];
    if (state === FAILED || state === DONE) return;
    if (state === MADE) removeQuietly(this.#temporaryOf(number));
    this.#states[number] = FAILED;
    this.#events.failed(this.#entry(number), reason, text);
  }

  /** Made when needed: for many files, keeping them would cost more than the files' names. */
  #pathOf(number: number): Buffer {
    return this.#paths.of(this.#entry(number).path);
  }

  #temporaryOf(number: number): Buffer {
    return temporaryPath(this.#pathOf(number), this.#options.mark, number);
  }

  #stopIfOver(): void {
    throwIfCancelled(this.#options.signal);
    if (this.#fatal) throw this.#fatal;
  }
}

/** Attributes can only be set on a file that is writable; such a file gets its mode later. */
function modeOf({ node }: PlannedEntry): number {
  return hasAttributes({ node }) ? 0o600 : permissionsOf(node.mode);
}

export function hasAttributes({ node }: Pick<PlannedEntry, 'node'>): boolean {
  return (node.extendedAttributes ?? []).length > 0;
}

function existingOf({ action }: PlannedEntry): 'expected' | 'none' {
  return action === 'replaced' ? 'expected' : 'none';
}
