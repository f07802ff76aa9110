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
import type { Directory } from './directory.ts';
import { CTIME, type Listing, nameStart, STAT_FIELDS } from './listing.ts';
import { LONG_FILE_BYTES, storeLongFile } from './long-file.ts';
import { PathBatch } from './path-batch.ts';
import { waysInto } from './visit.ts';

/** One job for a worker: enough files that a question about them is worth its way, few enough to share the work. */
const FILES_PER_JOB = 256;
const BYTES_PER_JOB = 12 * 1024 * 1024;
/** Jobs that may wait for a worker before the walk pauses. */
const JOBS_AHEAD = 2;
const ID_BYTES = 32;

/** The ids of a file's chunks: `count` of 32 bytes each, the first at the position `first` of `ids`. */
export interface FileContent {
  readonly ids: Uint8Array;
  readonly first: number;
  readonly count: number;
}

export type FileOutcome =
  | {
      readonly kind: 'read' | 'unsteady';
      /** Stands until the call returns that it was given to. */
      readonly content: FileContent;
      readonly size: number;
      readonly fresh: FreshStat | undefined;
    }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** Who has files read, and tells them apart by numbers of its own. */
export interface FileAsker {
  fileDone(position: number, outcome: FileOutcome): void;
}

export interface FileToRead {
  readonly path: BytePath;
  readonly size: number;
  readonly changeTime: bigint;
  readonly done: (outcome: FileOutcome) => void;
}

export function blobIdsOf({ ids, first, count }: FileContent): readonly BlobId[] {
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);
  return Array.from({ length: count }, (_, n) => {
    const at = (first + n) * ID_BYTES;
    return bytes.toString('hex', at, at + ID_BYTES) as BlobId;
  });
}

/** Files that are gathered for one job, in columns. */
class Gathered {
  readonly paths = new PathBatch();
  readonly sizes = new Float64Array(FILES_PER_JOB);
  readonly changeTimes = new BigInt64Array(FILES_PER_JOB);
  readonly askers: FileAsker[] = [];
  readonly positions: number[] = [];
  bytes = 0;

  /** Everything but the path, which `paths` has already. */
  add(asker: FileAsker, position: number, size: number, changeTime: bigint): void {
    const count = this.askers.length;
    this.sizes[count] = size;
    this.changeTimes[count] = changeTime;
    this.askers.push(asker);
    this.positions.push(position);
    this.bytes += size;
  }
}

/** Gathers files into jobs for the workers and hands each result to the one who asked. */
export class FileQueue {
  readonly #pool: BackupPool;
  readonly #onFailure: (error: unknown) => void;
  #gathered = new Gathered();
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
    this.#addTo(this.#gathered, file);
    this.#sendIfFull();
  }

  /** Takes a file that is shorter than `LONG_FILE_BYTES` from the listing of its directory. */
  addListed(
    asker: FileAsker,
    position: number,
    size: number,
    directory: Directory,
    { names, ends, stats }: Listing,
  ): void {
    const gathered = this.#gathered;
    gathered.paths.addIn(waysInto(directory), names, nameStart(ends, position), ends[position] as number);
    gathered.add(asker, position, size, stats[position * STAT_FIELDS + CTIME] as bigint);
    this.#sendIfFull();
  }

  /** Sends off what has gathered. */
  flush(): void {
    const gathered = this.#gathered;
    if (gathered.askers.length === 0) return;
    this.#gathered = new Gathered();
    this.#read(gathered).catch(this.#onFailure);
  }

  #addTo(gathered: Gathered, { path, size, changeTime, done }: FileToRead): void {
    gathered.paths.add(path);
    gathered.add({ fileDone: (_, outcome) => done(outcome) }, 0, size, changeTime);
  }

  #sendIfFull(): void {
    const { askers, bytes } = this.#gathered;
    if (askers.length >= FILES_PER_JOB || bytes >= BYTES_PER_JOB) this.flush();
  }

  async #readLong(file: FileToRead): Promise<void> {
    const ids = await storeLongFile(this.#pool, file);
    this.#wakeUp();
    if (ids) {
      const content = { ids, first: 0, count: ids.length / ID_BYTES };
      return file.done({ kind: 'read', content, size: file.size, fresh: undefined });
    }
    const alone = new Gathered();
    this.#addTo(alone, file);
    await this.#read(alone);
  }

  #wakeUp(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  async #read({ paths, sizes, changeTimes, askers, positions }: Gathered): Promise<void> {
    const count = askers.length;
    const files = { paths: paths.take(), sizes: sizes.slice(0, count), changeTimes: changeTimes.slice(0, count) };
    const done = await this.#pool.readFiles(files);
    this.#wakeUp();
    distribute(askers, positions, done);
    giveBack(done.ids);
  }
}

function distribute(askers: readonly FileAsker[], positions: readonly number[], done: FilesDone): void {
  const { ids } = done;
  const fresh = new Map(done.fresh.map((stat) => [stat.position, stat]));
  const failures = new Map(done.failures.map((failure) => [failure.position, failure]));
  let first = 0;
  for (const [n, asker] of askers.entries()) {
    const position = positions[n] as number;
    const outcome = done.outcomes[n];
    const failure = failures.get(n);
    const content = { ids, first, count: done.blobCounts[n] ?? 0 };
    first += content.count;
    if (outcome === FILE_VANISHED) asker.fileDone(position, { kind: 'vanished' });
    else if (outcome === FILE_FAILED || failure) {
      const { code = 'EIO', message = 'unknown' } = failure ?? {};
      asker.fileDone(position, { kind: 'failed', code, message });
    } else {
      const kind = outcome === FILE_UNSTEADY ? 'unsteady' : 'read';
      asker.fileDone(position, { kind, content, size: done.sizes[n] ?? 0, fresh: fresh.get(n) });
    }
  }
}
