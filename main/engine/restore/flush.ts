import { runHelper } from './helper-programs.ts';

/** Bytes written before the disk is told to begin: late enough that the disk has something to order. */
const FLUSH_BYTES = 600 * 1024 * 1024;

/** A file system without a disk. */
const NEVER_FAILS = Buffer.from('/proc');

/** What a file costs the disk beside its content: a block that is not full, a place in the file system's books. */
const FILE_BYTES = 4096;

/**
 * Brings what was written to the disk while more is being written. Only the last flush is waited for; without the others
 * it would have all the bytes of the restore before it.
 */
export class Flush {
  readonly #roots: readonly Buffer[];
  #unflushed = 0;
  #running: Promise<void> | undefined;
  /** The system tells of what it could not write only once, to whoever asks first. */
  #hasFailed = false;

  /** @param roots any path of each file system that is to be flushed */
  constructor(roots: readonly Buffer[]) {
    this.#roots = roots;
  }

  /** A file was made. */
  made(): void {
    this.wrote(FILE_BYTES);
  }

  wrote(bytes: number): void {
    this.#unflushed += bytes;
    if (this.#unflushed < FLUSH_BYTES || this.#running) return;
    this.#unflushed = 0;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Whether everything written so far is on the disk, as far as the system tells. */
  async finish(): Promise<'done' | 'failed'> {
    await this.#running;
    await this.#run();
    return this.#hasFailed ? 'failed' : 'done';
  }

  async #run(): Promise<void> {
    for (const root of this.#roots) {
      if ((await syncAt(root)) !== 'failed') continue;
      // Some know no `-f`, and say nothing of a disk.
      if ((await syncAt(NEVER_FAILS)) === 'done') this.#hasFailed = true;
      else await runHelper('sync', []);
    }
  }
}

/** The path may have bytes that no argument from Node can carry, see `makeSpecialFile`. */
function syncAt(path: Buffer): ReturnType<typeof runHelper> {
  return runHelper('sh', ['-c', `path=$(cat; echo x); exec sync -f "\${path%x}"`], path);
}
