import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { bulkMemory } from '../store/bulk-memory.ts';
import { WORTH_BYTES, writeBlocks } from '../store/direct-files.ts';
import { writeAll } from '../store/local-files.ts';
import type { FilePart } from './restore-messages.ts';
import { hasHole, writeAt } from './write-file.ts';

/**
 * Content that passes by the system's cache is written in whole stretches of this size. What lies before and behind goes
 * through the cache, as it shares pages with what other threads write at the same time; no page is larger than this.
 */
const STRETCH_BYTES = 64 * 1024;
/** Content that follows each other is gathered up to here: few large writes suit every disk. */
const ROOM_BYTES = 4 * 1024 * 1024;
/** One is filled while the others are being written. */
const ROOMS = 4;

/**
 * Gathers parts that follow each other in one file, decoded in place, and writes them in one go past the system's cache,
 * while the next are being decoded. What was taken is in the file when the promise of `flush` has resolved.
 */
export class BulkRun {
  readonly #rooms: readonly Uint8Array[] = Array.from({ length: ROOMS }, newRoom);
  /** What a room is being written by; never rejects. */
  readonly #writing: Promise<unknown>[] = this.#rooms.map(() => Promise.resolve());
  #current = 0;
  #part: FilePart | undefined;
  /** Where in the room the content begins: as far behind a stretch as in the file. */
  #from = 0;
  #bytes = 0;

  /** Whether so many bytes are worth this way, and fit into it. */
  static suits(bytes: number): boolean {
    return bytes >= STRETCH_BYTES && bytes <= ROOM_BYTES;
  }

  /** The file that has something to be written. */
  get file(): number | undefined {
    return this.#part?.file;
  }

  /** Whether the run ends where this part begins, and has room for its bytes. */
  continuesWith(part: FilePart, bytes: number): boolean {
    const run = this.#part;
    return run?.file === part.file && run.at + this.#bytes === part.at && this.#bytes + bytes <= ROOM_BYTES;
  }

  /** Resolves when the next run may begin, which is when a room is written. */
  async free(): Promise<void> {
    await this.#writing[this.#current];
  }

  /** The place for a part that continues the run, or begins one when there is none. */
  roomFor(part: FilePart, bytes: number): Uint8Array {
    if (!this.#part) this.#from = part.at % STRETCH_BYTES;
    const start = this.#from + this.#bytes;
    return (this.#rooms[this.#current] as Uint8Array).subarray(start, start + bytes);
  }

  /** The part's content stands in its place. */
  take(part: FilePart, bytes: number): void {
    this.#part ??= part;
    this.#bytes += bytes;
  }

  /** Writes what was taken; gives its bytes. The run is empty at once. @throws what the system says */
  flush(): Promise<number> {
    const part = this.#part;
    if (!part) return Promise.resolve(0);
    const content = (this.#rooms[this.#current] as Uint8Array).subarray(this.#from, this.#from + this.#bytes);
    this.#part = undefined;
    this.#bytes = 0;
    const written = writePart(Buffer.from(part.temporary, 'latin1'), content, part.at);
    this.#writing[this.#current] = written.catch(() => undefined);
    this.#current = (this.#current + 1) % this.#rooms.length;
    return written;
  }
}

function newRoom(): Uint8Array {
  return new Uint8Array(bulkMemory(ROOM_BYTES + STRETCH_BYTES));
}

/** Into an existing file, never through a link. Gives the bytes. */
async function writePart(path: Buffer, content: Uint8Array, at: number): Promise<number> {
  const head = Math.min(content.length, (STRETCH_BYTES - (at % STRETCH_BYTES)) % STRETCH_BYTES);
  const whole = content.length - head - ((content.length - head) % STRETCH_BYTES);
  const direct = whole >= WORTH_BYTES && !hasHole(content);
  const written = direct ? await writeBlocks(path, content.subarray(head, head + whole), at + head) : 0;
  const handle = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    if (written === 0) writeAt(handle.fd, content, at, 'leave');
    else {
      await writeAll(handle, content.subarray(0, head), at);
      await writeAll(handle, content.subarray(head + written), at + head + written);
    }
  } finally {
    await handle.close();
  }
  return content.length;
}
