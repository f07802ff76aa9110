import { Worker } from 'node:worker_threads';
import type { BytePath } from '../backup/byte-path.ts';
import { TriplicateError } from '../errors.ts';
import { giveBack } from '../give-back.ts';
import type {
  BackupWorkerData,
  BlobsJob,
  ChunksDone,
  ChunksJob,
  CutsDone,
  CutsJob,
  FilesDone,
  FilesJob,
  FromWorker,
  ToWorker,
} from './backup-messages.ts';
import { ReadAhead } from './read-ahead.ts';
import { workerEntry } from './worker-entry.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

export type PackMessage = Extract<FromWorker, { kind: 'pack' }>;

/** What the pool asks of the run that owns it. */
export interface PoolHandlers {
  /** Which destinations (bits) lack each of these blobs; the asker stores those. */
  claim(ids: Uint8Array): Uint32Array<ArrayBuffer>;
  /** Resolves when the pack is stored or its destination has failed; never rejects. */
  storePack(pack: PackMessage): Promise<void>;
  bytesRead(bytes: number): void;
}

/** Jobs that a worker may hold: one at work and one ready, so that it never waits for the next. */
const JOBS_PER_WORKER = 2;

type Job = FilesJob | BlobsJob | CutsJob | ChunksJob;
type Done = Extract<FromWorker, { readonly job: number }>;

interface Member {
  readonly worker: Worker;
  readonly jobs: Map<number, (done: Done) => void>;
  flushed: (() => void) | undefined;
}

/** Starts workers as work comes, hands them jobs in order, and serves their questions. */
export class BackupPool {
  #data: BackupWorkerData | undefined;
  readonly #limit: number;
  #handlers: PoolHandlers | undefined;
  readonly #members: Member[] = [];
  readonly #queue: { message: Job; resolve: (done: Done) => void }[] = [];
  readonly #stores = new Set<Promise<void>>();
  readonly #readAhead: ReadAhead;
  #nextJob = 1;
  #failure: TriplicateError | undefined;
  #rejectFailure: (error: TriplicateError) => void = () => undefined;
  /** Rejects when a worker dies; whoever waits for the pool races against it. */
  readonly failed: Promise<never>;

  /** @param first when the first worker starts: it takes as long to start as a small run does */
  constructor(limit: number, first: 'now' | 'with-the-run') {
    this.#limit = limit;
    this.#readAhead = new ReadAhead(limit);
    this.failed = new Promise((_, reject) => {
      this.#rejectFailure = reject;
    });
    this.failed.catch(() => undefined);
    if (first === 'now') this.#start();
  }

  /** Tells the workers what they work with; comes before the first job. */
  begin(data: BackupWorkerData): void {
    this.#data = data;
    for (const member of this.#members) this.#post(member, { kind: 'begin', data });
    if (this.#members.length === 0) this.#start();
  }

  /** Says who answers the workers' questions; comes before the first job. */
  serve(handlers: PoolHandlers): void {
    this.#handlers = handlers;
  }

  /** Workers that there may be at once. */
  get workers(): number {
    return this.#limit;
  }

  /** Jobs that no worker has taken yet: the walk pauses while there are many. */
  get jobsWaiting(): number {
    return this.#queue.length;
  }

  async readFiles(files: Omit<FilesJob, 'kind' | 'job'>): Promise<FilesDone> {
    this.#readAhead.willRead(files.paths);
    const done = (await this.#enqueue({ kind: 'files', job: this.#nextJob++, ...files })) as FilesDone;
    this.#readAhead.haveRead(files.sizes);
    return done;
  }

  findCuts(part: Omit<CutsJob, 'kind' | 'job'>): Promise<CutsDone> {
    return this.#enqueue({ kind: 'cuts', job: this.#nextJob++, ...part }) as Promise<CutsDone>;
  }

  storeChunks(path: BytePath, bounds: Float64Array): Promise<ChunksDone> {
    return this.#enqueue({ kind: 'chunks', job: this.#nextJob++, path, bounds }) as Promise<ChunksDone>;
  }

  /**
   * Stores finished blobs, all in one worker, so that a small run makes one tree pack.
   * @param blobs their bytes are in memory of their own, which is handed over
   */
  async storeBlobs(blobs: Omit<BlobsJob, 'kind' | 'job'>): Promise<void> {
    const message: BlobsJob = { kind: 'blobs', job: this.#nextJob++, ...blobs };
    await new Promise<void>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const member = this.#members[0] ?? this.#start();
      member.jobs.set(message.job, () => resolve());
      this.#post(member, message, [message.bytes.buffer]);
    });
  }

  /** Closes all open packs and waits until every pack has been dealt with. `onSent`: every one is on its way. */
  async flush(onSent: () => void): Promise<void> {
    const flushes = this.#members.map(
      (member) =>
        new Promise<void>((resolve) => {
          member.flushed = resolve;
          this.#post(member, { kind: 'flush' });
        }),
    );
    await Promise.race([Promise.all(flushes), this.failed]);
    onSent();
    await Promise.all(this.#stores);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members.map(({ worker }) => worker.terminate()), this.#readAhead.close()]);
    await Promise.all(this.#stores);
  }

  #enqueue(message: Job): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#queue.push({ message, resolve });
      this.#dispatch();
    });
  }

  /** A second worker is only worth its start when the first has its hands full. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      let member = this.#leastBusy();
      if (!member || (member.jobs.size >= JOBS_PER_WORKER && this.#members.length < this.#limit))
        member = this.#start();
      if (member.jobs.size >= JOBS_PER_WORKER) return;
      const next = this.#queue.shift();
      if (!next) return;
      member.jobs.set(next.message.job, next.resolve);
      this.#post(member, next.message);
    }
  }

  #leastBusy(): Member | undefined {
    return this.#members.reduce<Member | undefined>(
      (best, member) => (best && best.jobs.size <= member.jobs.size ? best : member),
      undefined,
    );
  }

  #start(): Member {
    const worker = new Worker(workerEntry('backup-worker', import.meta.url), {
      resourceLimits: WORKER_LIMITS,
    });
    const member: Member = { worker, jobs: new Map(), flushed: undefined };
    this.#members.push(member);
    worker.on('message', (message: FromWorker) => this.#receive(member, message));
    worker.on('error', (error) => this.#fail(error));
    if (this.#data) this.#post(member, { kind: 'begin', data: this.#data });
    return member;
  }

  get #served(): PoolHandlers {
    if (!this.#handlers) throw new TriplicateError('internal', 'A worker asked before the run had begun.');
    return this.#handlers;
  }

  #post(member: Member, message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    member.worker.postMessage(message, transfer);
  }

  #receive(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'claim': {
        const wanted = this.#served.claim(message.ids);
        giveBack(message.ids);
        return this.#post(member, { kind: 'claimed', wanted }, [wanted.buffer]);
      }
      case 'pack': {
        const stored = this.#served.storePack(message).then(() => {
          this.#stores.delete(stored);
          this.#post(member, { kind: 'packTaken', buffer: message.bytes.buffer as SharedArrayBuffer });
        });
        this.#stores.add(stored);
        return;
      }
      case 'bytesRead':
        return this.#served.bytesRead(message.bytes);
      case 'flushed':
        return member.flushed?.();
      case 'filesDone':
      case 'cutsDone':
      case 'chunksDone':
      case 'blobsDone': {
        const resolve = member.jobs.get(message.job);
        member.jobs.delete(message.job);
        resolve?.(message);
        this.#dispatch();
      }
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= new TriplicateError('internal', 'A part of the backup engine stopped unexpectedly.', { cause });
    this.#rejectFailure(this.#failure);
  }
}
