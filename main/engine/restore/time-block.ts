import type { Instant } from '../format/tree-columns.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const MINUS = 0x2d;
/** Four numbers of up to 20 characters, with what ends them. */
const HEAD_BYTES = 96;

/** What is to be set at a path. */
export interface PathTimes {
  readonly path: Buffer;
  readonly atime: Instant;
  readonly mtime: Instant;
}

/** Gathers times for paths as text for a helper program: `atime s, atime ns, mtime s, mtime ns` and a path, each ended by NUL. */
export class TimeBlock {
  #bytes = Buffer.allocUnsafeSlow(16 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(path: Uint8Array, atime: Instant, mtime: Instant): void {
    this.#makeRoom(HEAD_BYTES + path.length);
    this.#number(atime.seconds);
    this.#bytes[this.#length++] = SPACE;
    this.#number(atime.nanos);
    this.#bytes[this.#length++] = SPACE;
    this.#number(mtime.seconds);
    this.#bytes[this.#length++] = SPACE;
    this.#number(mtime.nanos);
    this.#bytes[this.#length++] = 0;
    this.#bytes.set(path, this.#length);
    this.#length += path.length;
    this.#bytes[this.#length++] = 0;
  }

  /** What was gathered, in memory of its own; it begins anew. */
  take(): Buffer<ArrayBuffer> {
    const block = Buffer.allocUnsafeSlow(this.#length);
    block.set(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return block;
  }

  /** @param value a whole number */
  #number(value: number): void {
    if (value < 0) this.#bytes[this.#length++] = MINUS;
    let rest = Math.abs(value);
    let digits = 1;
    for (let limit = 10; rest >= limit; limit *= 10) digits++;
    const end = this.#length + digits;
    for (let at = end - 1; at >= this.#length; at--) {
      const next = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.#length = end;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafeSlow((this.#length + bytes) * 2);
    wider.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = wider;
  }
}

/** What a block says, for whoever sets times without a helper program. */
export function* readTimeBlock(block: Buffer): Generator<PathTimes> {
  for (let at = 0; at < block.length; ) {
    const head = block.indexOf(0, at);
    const end = block.indexOf(0, head + 1);
    const [atime = 0, atimeNanos = 0, mtime = 0, mtimeNanos = 0] = block
      .toString('latin1', at, head)
      .split(' ')
      .map(Number);
    yield {
      path: block.subarray(head + 1, end),
      atime: { seconds: atime, nanos: atimeNanos },
      mtime: { seconds: mtime, nanos: mtimeNanos },
    };
    at = end + 1;
  }
}
