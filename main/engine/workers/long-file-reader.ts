import { constants, fstatSync, readSync, statfsSync } from 'node:fs';
import { type BytePath, forSystem } from '../backup/byte-path.ts';
import { bulkMemory } from '../store/bulk-memory.ts';
import { allowsDirectFiles, BLOCK_BYTES } from '../store/direct-files.ts';
import { closeRead, openToRead } from './open-to-read.ts';

/** Reads a long file from wherever it is asked to. */
export interface LongFileReader {
  readonly fd: number;
  /** As `readSync`. @throws what it throws */
  read(target: Uint8Array, at: number, length: number, position: number): number;
  close(): void;
}

/** What the blocks of stat(2) are counted in. */
const STAT_BLOCK_BYTES = 512;
const WINDOW_BYTES = 2 * 1024 * 1024;

/**
 * Opens a file of which many parts are read. One that is mostly holes is read past the system's cache, where the system can: it
 * would fill the memory with pages of zeros, which takes far longer than making them, and push out what other programs use. Not
 * by asking where the holes are: file systems have answered that wrongly for files that were being written.
 * @throws as openSync
 */
export function openLongFile(path: BytePath): LongFileReader {
  const fd = openToRead(path);
  const direct = isMostlyHoles(fd) ? openDirect(path, fd) : undefined;
  return {
    fd,
    read: (target, at, length, position) =>
      direct?.read(target, at, length, position) ?? readSync(fd, target, at, length, position),
    close: () => {
      closeRead(fd);
      direct?.close();
    },
  };
}

function isMostlyHoles(fd: number): boolean {
  const { blocks, size } = fstatSync(fd);
  return blocks * STAT_BLOCK_BYTES < size / 2;
}

/** The file that is open as `fd`, once more; undefined where it is not to be had like this. */
function openDirect(path: BytePath, fd: number): DirectReader | undefined {
  try {
    if (!allowsDirectFiles(statfsSync(forSystem(path)).type)) return undefined;
    const reader = new DirectReader(openToRead(path, constants.O_DIRECT));
    if (reader.isSameAs(fd)) return reader;
    reader.close();
  } catch {
    // The usual reading says what is wrong, if it is so there.
  }
  return undefined;
}

/** One for all files of a worker, which reads one at a time. */
let windowOfWorker: Uint8Array | undefined;

function windowMemory(): Uint8Array {
  windowOfWorker ??= new Uint8Array(bulkMemory(WINDOW_BYTES));
  return windowOfWorker;
}

/** Reads a file in windows that begin at a block, and gives from them what it is asked for. */
class DirectReader {
  readonly #fd: number;
  readonly #window = windowMemory();
  /** Where the window lies in the file, and how much of it was read. */
  #from = 0;
  #length = 0;
  #isRefused = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  isSameAs(fd: number): boolean {
    const [mine, other] = [fstatSync(this.#fd, { bigint: true }), fstatSync(fd, { bigint: true })];
    return mine.ino === other.ino && mine.dev === other.dev;
  }

  /** Up to `length` bytes, 0 at the end of the file; undefined when the file cannot be read like this. */
  read(target: Uint8Array, at: number, length: number, position: number): number | undefined {
    const isInWindow = position >= this.#from && position < this.#from + this.#length;
    if (!isInWindow && !this.#readWindow(position)) return undefined;
    const start = position - this.#from;
    const got = Math.max(0, Math.min(length, this.#length - start));
    target.set(this.#window.subarray(start, start + got), at);
    return got;
  }

  #readWindow(position: number): boolean {
    if (this.#isRefused) return false;
    this.#from = position - (position % BLOCK_BYTES);
    this.#length = 0;
    try {
      this.#length = readSync(this.#fd, this.#window, 0, WINDOW_BYTES, this.#from);
    } catch {
      this.#isRefused = true;
    }
    return !this.#isRefused;
  }

  close(): void {
    closeRead(this.#fd);
  }
}
