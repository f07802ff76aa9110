import { TriplicateError } from '../errors.ts';
import { compress } from './zstd.ts';
import { ZstdContext } from './zstd-context.ts';

/** What zstd holds back of the parts before, and what a part can grow by when it does not compress. */
const ROOM_BESIDE_PART = 256 * 1024;

/**
 * One zstd frame (format, section 13) whose content comes in parts, so that it need never be whole in memory. Where this Node
 * has no way to do that, the parts are kept until the end.
 */
export class ZstdFrame {
  readonly #level: number;
  readonly #context: ZstdContext;
  /** Of the frame; or of the content, where it has to be kept. */
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  readonly #isKept: boolean;
  #output = Buffer.alloc(0);

  constructor(level: number, context = ZstdContext.compressor(level)) {
    this.#level = level;
    this.#context = context;
    this.#isKept = !context.worksInParts;
  }

  /** The bytes may be overwritten after it. */
  add(bytes: Uint8Array): void {
    if (this.#isKept) this.#parts.push(new Uint8Array(bytes));
    else this.#take(bytes, 'within');
  }

  /** The frame, in memory of its own. Nothing may be added after it. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#isKept) return compress(Buffer.concat(this.#parts), this.#level);
    this.#take(new Uint8Array(), 'last');
    return joined(this.#parts);
  }

  #take(bytes: Uint8Array, place: 'within' | 'last'): void {
    const room = bytes.length + ROOM_BESIDE_PART;
    if (this.#output.length < room) this.#output = Buffer.allocUnsafeSlow(room);
    const length = this.#context.part(bytes, this.#output, place);
    if (length === undefined) throw new TriplicateError('internal', 'A large folder could not be compressed.');
    if (length > 0) this.#parts.push(new Uint8Array(this.#output.subarray(0, length)));
  }
}

/** In memory of its own: as `Buffer.concat` would be, but never part of the pool that small buffers share. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
