import { type BigIntStats, fstatSync, readSync } from 'node:fs';
import type { BytePath } from '../backup/byte-path.ts';
import { type Chunker, createChunker, MAX_CHUNK, MIN_CHUNK } from '../chunker/chunker.ts';
import { systemCode } from '../store/file-errors.ts';
import { FILE_FAILED, FILE_READ, FILE_UNSTEADY, FILE_VANISHED, type FreshStat } from './backup-messages.ts';
import { type LongFileReader, openLongFile } from './long-file-reader.ts';
import { closeRead, openToRead } from './open-to-read.ts';

/** Room for the largest chunk, and some for reading ahead. */
const ARENA_BYTES = MAX_CHUNK + 3 * 1024 * 1024;
const READ_BYTES = 2 * 1024 * 1024;
const MAX_TRIES = 3;

export interface FileResult {
  readonly outcome: number;
  readonly size: number;
  readonly fresh?: Omit<FreshStat, 'position'>;
  readonly failure?: { readonly code: string; readonly message: string };
}

/** Receives the chunks of a file as views into the arena, valid until `settle` has been awaited. */
export interface ChunkSink {
  /** A file (or another try at it) begins: what came for it before does not count. */
  begin(): void;
  chunk(bytes: Uint8Array): void;
  /** Stores all chunks so far; after it the arena may be overwritten. */
  settle(): Promise<void>;
}

/**
 * Reads files straight into the chunker's memory and cuts them there. Small files gather in the arena until it is
 * full, so that one question about what is new serves many files.
 */
export class FileChunks {
  readonly #chunker: Chunker;
  readonly #arena: Uint8Array;
  readonly #sink: ChunkSink;
  readonly #onBytes: (bytes: number) => void;
  #used = 0;
  /** Bytes of the chunk that is not yet decided in which a cut was looked for already. */
  #looked = 0;

  constructor(chunkerPolynomial: bigint, sink: ChunkSink, onBytes: (bytes: number) => void) {
    this.#chunker = createChunker(chunkerPolynomial, ARENA_BYTES);
    this.#arena = this.#chunker.memory;
    this.#sink = sink;
    this.#onBytes = onBytes;
  }

  /** Everything in the arena has been stored. */
  async settle(): Promise<void> {
    await this.#sink.settle();
    this.#used = 0;
  }

  /** Reads one file; one that changes meanwhile is read again, three times at most. */
  async read(path: BytePath, seen: { readonly size: number; readonly changeTime: bigint }): Promise<FileResult> {
    let { size, changeTime } = seen;
    /** What the file was like before it was read once more. */
    let before: BigIntStats | undefined;
    for (let tries = 1; ; tries++) {
      waitForNextTick(changeTime);
      let fd: number;
      try {
        fd = openToRead(path);
      } catch (error) {
        return failed(error);
      }
      try {
        this.#sink.begin();
        const total = await this.#chunkAll(fd, size);
        if (tries === 1 && isAsSeen(fd, seen, total)) return { outcome: FILE_READ, size: total };
        const after = fstatSync(fd, { bigint: true });
        if (!after.isFile()) return { outcome: FILE_VANISHED, size: 0 };
        const steady = after.ctimeNs === changeTime && total === Number(after.size);
        if (!steady && tries < MAX_TRIES) {
          before = after;
          size = Number(after.size);
          changeTime = after.ctimeNs;
          continue;
        }
        // With the times from before the reading: with those from after it the next run would take what was missed for stored.
        if (!steady) return { outcome: FILE_UNSTEADY, size: total, fresh: pickStat(before ?? after) };
        return { outcome: FILE_READ, size: total, fresh: pickStat(after) };
      } catch (error) {
        // What was cut before the error waits in the arena, its hash already taken: the next file would be read over it.
        await this.settle();
        return failed(error);
      } finally {
        closeRead(fd);
      }
    }
  }

  /**
   * The ends of the chunks of a part of a file, without reading them for anything else; none when the file is not as it
   * was seen, or cannot be read: then `read` finds out what there is to say.
   */
  findCuts(
    path: BytePath,
    part: { readonly size: number; readonly changeTime: bigint; readonly from: number; readonly bytes: number },
  ): { readonly ends: Float64Array; readonly isEndOfFile: boolean } {
    if (part.from === 0) waitForNextTick(part.changeTime);
    return (
      withFile(path, (file) => {
        const stat = fstatSync(file.fd, { bigint: true });
        const isSame = stat.isFile() && stat.ctimeNs === part.changeTime && Number(stat.size) === part.size;
        return isSame ? this.#cutsFrom(file, part.from, part.bytes) : undefined;
      }) ?? { ends: new Float64Array(), isEndOfFile: false }
    );
  }

  #cutsFrom(
    file: LongFileReader,
    from: number,
    bytes: number,
  ): { readonly ends: Float64Array; readonly isEndOfFile: boolean } {
    const ends: number[] = [];
    /** Where the arena's first byte lies in the file. */
    let base = from;
    let start = 0;
    let end = 0;
    let looked = 0;
    for (;;) {
      if (this.#arena.length - end < READ_BYTES) {
        this.#arena.copyWithin(0, start, end);
        base += start;
        end -= start;
        start = 0;
      }
      const got = file.read(this.#arena, end, READ_BYTES, base + end);
      end += got;
      for (let cut = 0; end - start >= MIN_CHUNK && cut !== -1; ) {
        cut = this.#chunker.nextCut(start, end, got === 0, looked);
        looked = cut < 0 ? end - start : 0;
        if (cut < 0) continue;
        ends.push(base + cut);
        start = cut;
      }
      if (got === 0) {
        if (end > start) ends.push(base + end);
        return { ends: Float64Array.from(ends), isEndOfFile: true };
      }
      if (base + start - from >= bytes) return { ends: Float64Array.from(ends), isEndOfFile: false };
    }
  }

  /** Reads chunks whose bounds are known, each from a bound to the next. Stops where the file cannot be read any more. */
  async readChunks(path: BytePath, bounds: Float64Array): Promise<void> {
    this.#sink.begin();
    const file = openQuietly(path);
    if (file === undefined) return;
    try {
      for (let n = 0; n + 1 < bounds.length; n++) {
        const from = bounds[n] ?? 0;
        const length = (bounds[n + 1] ?? 0) - from;
        if (this.#used + length > this.#arena.length) await this.settle();
        const chunk = this.#arena.subarray(this.#used, this.#used + length);
        if (!fill(file, chunk, from)) return;
        this.#onBytes(length);
        this.#sink.chunk(chunk);
        this.#used += length;
      }
    } finally {
      file.close();
    }
  }

  /** Gives the bytes read. A file below the minimum chunk size is one chunk without looking for a cut. */
  async #chunkAll(fd: number, expected: number): Promise<number> {
    let start = this.#used;
    let total = 0;
    this.#looked = 0;
    if (start + Math.min(expected, READ_BYTES) + 1 > this.#arena.length) {
      await this.settle();
      start = 0;
    }
    let end = start;
    for (;;) {
      if (this.#arena.length - end < 64 * 1024) {
        await this.#sink.settle();
        this.#arena.copyWithin(0, start, end);
        end -= start;
        start = 0;
      }
      // One byte more than expected shows the end of the file without another call.
      const want = Math.min(Math.max(expected - total + 1, 4096), READ_BYTES, this.#arena.length - end);
      const got = readSync(fd, this.#arena, end, want, null);
      total += got;
      if (total > expected && total - got <= expected && !fstatSync(fd).isFile()) {
        // A device that took the file's place may have no end. None of this counts.
        end = start;
        break;
      }
      end += got;
      this.#onBytes(got);
      const atEnd = got === 0 || (got < want && total === expected);
      if (atEnd && end - start < MIN_CHUNK) break;
      start = this.#cut(start, end, atEnd);
      if (atEnd) break;
    }
    if (end > start) this.#sink.chunk(this.#arena.subarray(start, end));
    this.#used = end;
    return total;
  }

  /** Cuts what can be cut and gives the beginning of what is left. */
  #cut(from: number, end: number, atEnd: boolean): number {
    let start = from;
    while (end - start >= MIN_CHUNK) {
      const cut = this.#chunker.nextCut(start, end, atEnd, this.#looked);
      this.#looked = cut < 0 ? end - start : 0;
      if (cut < 0) break;
      this.#sink.chunk(this.#arena.subarray(start, cut));
      start = cut;
    }
    return start;
  }
}

function openQuietly(path: BytePath): LongFileReader | undefined {
  try {
    return openLongFile(path);
  } catch {
    return undefined;
  }
}

/** Undefined when the file cannot be opened or read. */
function withFile<T>(path: BytePath, work: (file: LongFileReader) => T): T | undefined {
  const file = openQuietly(path);
  if (file === undefined) return undefined;
  try {
    return work(file);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  } finally {
    file.close();
  }
}

/** Fills the whole of `target` from a place in the file; false when that is not possible. */
function fill(file: LongFileReader, target: Uint8Array, from: number): boolean {
  try {
    for (let at = 0; at < target.length; ) {
      const got = file.read(target, at, target.length - at, from + at);
      if (got === 0) return false;
      at += got;
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return false;
    throw error;
  }
}

/**
 * The usual case, without the eighteen bigints of an exact look. Times in floating point are exact to a microsecond, and a
 * change made while the file was read is 20 ms later than the one that was seen: see `waitForNextTick`.
 */
function isAsSeen(fd: number, seen: { readonly changeTime: bigint }, total: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFile() && stat.size === total && Math.abs(stat.ctimeMs - Number(seen.changeTime) / 1e6) < 0.001;
}

/** Times of files move on in ticks of up to 10 ms on usual systems. */
const TICK_MS = 20;
/** Where a time has no part of a second: in seconds (ext3, HFS+, small inodes of ext4), or of two (FAT). */
const SECOND_MS = 1020;
const TWO_SECONDS_MS = 2020;
/** By so much the clock of a server may be ahead of ours. A change to a file of a later time gets another time for certain. */
const AHEAD_MS = 10_000;
/** Of the files whose times are ahead of our clock: those that changed up to then have been left alone for a tick. */
let settledAhead = 0;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * A file that changed a moment ago may change again within the same tick, and its times would not show it: the next
 * run would take it for unchanged. So such a file is read only once the clock has moved on. By the clock of the system, as files
 * are: the one of `performance` stands still while the machine sleeps, and does not follow when the clock is put right.
 */
function waitForNextTick(changeTime: bigint): void {
  const changed = Math.floor(Number(changeTime) / 1e6);
  const tick = tickOf(changeTime);
  // fence: ambient-time a worker thread has nobody to pass a clock in, and files have the times of the system's
  const now = Date.now();
  if (changed + tick <= now) return;
  const isAhead = changed > now;
  if (isAhead && (changed <= settledAhead || changed - now > AHEAD_MS)) return;
  Atomics.wait(sleeper, 0, 0, Math.min(tick, changed + tick - now) + 1);
  if (isAhead) settledAhead = changed;
}

/** By how much the time of a file moves on at once, at most, as far as the time itself tells. */
function tickOf(time: bigint): number {
  if (time % 1_000_000_000n !== 0n) return TICK_MS;
  return time % 2_000_000_000n === 0n ? TWO_SECONDS_MS : SECOND_MS;
}

function failed(error: unknown): FileResult {
  if (!(error instanceof Error) || !('syscall' in error)) throw error;
  const { message } = error;
  const code = systemCode(error) ?? 'EIO';
  // O_NOFOLLOW on what became a symlink meanwhile.
  const vanished = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
  return { outcome: vanished ? FILE_VANISHED : FILE_FAILED, size: 0, failure: { code, message } };
}

function pickStat(stat: BigIntStats): Omit<FreshStat, 'position'> {
  const { mode, uid, gid, nlink, ino, dev, rdev, size, mtimeNs, ctimeNs } = stat;
  return { mode, uid, gid, nlink, ino, dev, rdev, size, mtimeNs, ctimeNs };
}
