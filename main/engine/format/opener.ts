import { timingSafeEqual } from 'node:crypto';
import { TriplicateError } from '../errors.ts';
import { giveBack } from '../give-back.ts';
import {
  type Ciphers,
  ciphersOf,
  IV_BYTES,
  type Key,
  macOf,
  openInPlace,
  SEAL_OVERHEAD,
  writeCounters,
} from './crypto.ts';
import { MAC_BYTES } from './poly1305.ts';

/** Messages that are prepared for at once. */
const AHEAD = 32;
/** A larger message is opened by itself. */
const SMALL_BYTES = 4096;
const BLOCK_BYTES = 16;
/** In place of where a keystream begins. */
const NONE = -1;

/**
 * Opens many sealed messages that lie in one piece of memory, one after the other. A call of a cipher costs as much as a kilobyte
 * of its work, so keystreams and MAC keys are made for many small messages in one call each, as a `Sealer` does.
 */
export class Opener {
  readonly #key: Key;
  readonly #ciphers: Ciphers;
  readonly #ivs = new Uint8Array(AHEAD * IV_BYTES);
  readonly #counters = new Uint8Array(AHEAD * SMALL_BYTES);
  readonly #counterWords = new Uint32Array(this.#counters.buffer);
  /** Where in `#keystreams` that of each prepared message begins. */
  readonly #streamStarts = new Int32Array(AHEAD);
  readonly #words = new Uint32Array(SMALL_BYTES / 4);
  readonly #text = new Uint8Array(this.#words.buffer);
  #bytes: Uint8Array = new Uint8Array(0);
  #starts: Uint32Array = new Uint32Array(0);
  #lengths: Uint32Array = new Uint32Array(0);
  /** The second halves of the Poly1305 keys. */
  #macKeys: Uint8Array = new Uint8Array(0);
  #keystreams: Uint8Array = new Uint8Array(0);
  /** The messages that are prepared. */
  #from = 0;
  #to = 0;

  constructor(key: Key) {
    this.#key = key;
    this.#ciphers = ciphersOf(key);
  }

  /** What is opened from now on: the messages lie in `bytes`, each from its start on. */
  begin(bytes: Uint8Array, starts: Uint32Array, lengths: Uint32Array): void {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#lengths = lengths;
    this.#from = 0;
    this.#to = 0;
  }

  /** As `openInPlace` of `crypto.ts`, for the message at this position. @throws `repo/damaged` */
  openInPlace(position: number): Uint8Array {
    const start = this.#starts[position] as number;
    const sealed = this.#bytes.subarray(start, start + (this.#lengths[position] as number));
    if (position < this.#from || position >= this.#to) this.#prepare(position);
    const slot = position - this.#from;
    const streamStart = this.#streamStarts[slot] as number;
    if (streamStart === NONE) return openInPlace(this.#key, sealed);
    const macStart = sealed.length - MAC_BYTES;
    const ciphertext = sealed.subarray(IV_BYTES, macStart);
    const macKey = this.#macKeys.subarray(slot * IV_BYTES, (slot + 1) * IV_BYTES);
    if (!timingSafeEqual(macOf(this.#ciphers, macKey, ciphertext), sealed.subarray(macStart))) {
      throw new TriplicateError('repo/damaged', 'Stored data does not pass its integrity check.');
    }
    this.#applyKeystream(ciphertext, streamStart);
    return ciphertext;
  }

  /** The plaintext takes the place of the ciphertext. */
  #applyKeystream(ciphertext: Uint8Array, streamStart: number): void {
    const words = Math.ceil(ciphertext.length / 4);
    const stream = new Uint32Array(
      this.#keystreams.buffer,
      this.#keystreams.byteOffset + streamStart,
      Math.ceil(ciphertext.length / BLOCK_BYTES) * 4,
    );
    this.#text.set(ciphertext);
    for (let i = 0; i < words; i++) this.#words[i] = (this.#words[i] as number) ^ (stream[i] as number);
    ciphertext.set(this.#text.subarray(0, ciphertext.length));
  }

  #prepare(position: number): void {
    let to = position;
    let blocks = 0;
    for (; to < this.#starts.length && to - position < AHEAD; to++) {
      const slot = to - position;
      const start = this.#starts[to] as number;
      const length = (this.#lengths[to] as number) - SEAL_OVERHEAD;
      const iv = this.#bytes.subarray(start, start + IV_BYTES);
      this.#streamStarts[slot] = NONE;
      // What is no message at all is for the opening of a single one to refuse.
      if (length < 0 || length > SMALL_BYTES || start + length + SEAL_OVERHEAD > this.#bytes.length || isZero(iv))
        continue;
      this.#ivs.set(iv, slot * IV_BYTES);
      this.#streamStarts[slot] = blocks * BLOCK_BYTES;
      const count = Math.ceil(length / BLOCK_BYTES);
      writeCounters(iv, this.#counterWords, (blocks * BLOCK_BYTES) / 4, count);
      blocks += count;
    }
    this.#from = position;
    this.#to = to;
    this.#macKeys = this.#ciphers.macBlock(this.#ivs.subarray(0, (to - position) * IV_BYTES));
    giveBack(this.#keystreams);
    this.#keystreams = aligned(this.#ciphers.encryptBlocks(this.#counters.subarray(0, blocks * BLOCK_BYTES)));
  }
}

function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
