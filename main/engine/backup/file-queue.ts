import { giveBack } from '../give-back.ts';
import type { BlobId } from '../ids.ts';
import {
  FILE_FAILED,
  FILE_UNSTEADY,
  FILE_VANISHED,
  type FilesDone,
  type FreshStat,
} from '../workers/backup-messages.ts';
import type { BackupPool } from '../workers/backup-pool.ts';
import type { BytePath } from './byte-path.ts';
import { LONG_FILE_BYTES, storeLongFile } from './long-file.ts';

/** One job for a worker: enough files that a question about them is worth its way, few enough to share the work. */
const FILES_PER_JOB = 256;
const BYTES_PER_JOB = 12 * 1024 * 1024;
/** Jobs that may wait for a worker before the walk pauses. */
const JOBS_AHEAD = 2;

export type FileOutcome =
  | {
      readonly kind: 'read' | 'unsteady';
      readonly content: readonly BlobId[];
      readonly size: number;
      readonly fresh?: FreshStat;
    }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export interface FileToRead {
  readonly path: BytePath;
  readonly size: number;
  readonly changeTime: bigint;
  readonly done: (outcome: FileOutcome) => void;
}

/** Gathers files into jobs for the workers and hands each result to the one who asked. */
export class FileQueue {
  readonly #pool: BackupPool;
  readonly #onFailure: (error: unknown) => void;
  #files: FileToRead[] = [];
  #bytes = 0;
  #wake: (() => void)[] = [];
  /** Long files are shared by all workers, so one at a time is enough. */
  #longFiles: Promise<void> = Promise.resolve();

  constructor(pool: BackupPool, onFailure: (error: unknown) => void) {
    this.#pool = pool;
    this.#onFailure = onFailure;
  }

  /** Resolves once the workers have little enough before them that the walk may go on. */
  async roomy(): Promise<void> {
    while (this.#pool.jobsWaiting > JOBS_AHEAD) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  add(file: FileToRead): void {
    if (file.size >= LONG_FILE_BYTES && this.#pool.workers > 1) {
      this.#longFiles = this.#longFiles.then(() => this.#readLong(file)).catch(this.#onFailure);
      return;
    }
    this.#files.push(file);
    this.#bytes += file.size;
    if (this.#files.length >= FILES_PER_JOB || this.#bytes >= BYTES_PER_JOB) this.flush();
  }

  /** Sends off what has gathered. */
  flush(): void {
    const files = this.#files;
    if (files.length === 0) return;
    this.#files = [];
    this.#bytes = 0;
    const paths = files.map(({ path }) => path).join('\0');
    const sizes = Float64Array.from(files, ({ size }) => size);
    const changeTimes = BigInt64Array.from(files, ({ changeTime }) => changeTime);
    this.#read(files, paths, sizes, changeTimes).catch(this.#onFailure);
  }

  async #readLong(file: FileToRead): Promise<void> {
    const content = await storeLongFile(this.#pool, file);
    this.#wakeUp();
    if (content) return file.done({ kind: 'read', content, size: file.size });
    const { path, size, changeTime } = file;
    await this.#read([file], path, Float64Array.of(size), BigInt64Array.of(changeTime));
  }

  #wakeUp(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  async #read(
    files: readonly FileToRead[],
    paths: string,
    sizes: Float64Array,
    changeTimes: BigInt64Array,
  ): Promise<void> {
    const done = await this.#pool.readFiles(paths, sizes, changeTimes);
    this.#wakeUp();
    distribute(files, done);
    giveBack(done.ids);
  }
}

function distribute(files: readonly FileToRead[], done: FilesDone): void {
  const ids = Buffer.from(done.ids.buffer, done.ids.byteOffset, done.ids.byteLength);
  const fresh = new Map(done.fresh.map((stat) => [stat.position, stat]));
  const failures = new Map(done.failures.map((failure) => [failure.position, failure]));
  let next = 0;
  for (const [position, file] of files.entries()) {
    const outcome = done.outcomes[position];
    const failure = failures.get(position);
    if (outcome === FILE_VANISHED) file.done({ kind: 'vanished' });
    else if (outcome === FILE_FAILED || failure) {
      file.done({ kind: 'failed', code: failure?.code ?? 'EIO', message: failure?.message ?? 'unknown' });
    } else {
      const content: BlobId[] = [];
      for (let n = done.blobCounts[position] ?? 0; n > 0; n--, next++) {
        content.push(ids.toString('hex', next * 32, (next + 1) * 32) as BlobId);
      }
      const stat = fresh.get(position);
      const kind = outcome === FILE_UNSTEADY ? 'unsteady' : 'read';
      file.done({ kind, content, size: done.sizes[position] ?? 0, ...(stat ? { fresh: stat } : {}) });
    }
  }
}
