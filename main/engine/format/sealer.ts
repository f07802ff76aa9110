import { copyBytes } from '../copy-bytes.ts';
import { TriplicateError } from '../errors.ts';
import {
  type Ciphers,
  ciphersOf,
  IV_BYTES,
  type Key,
  macOf,
  SEAL_OVERHEAD,
  sealInto,
  writeCounters,
} from './crypto.ts';
import { MAC_BYTES } from './poly1305.ts';

/** Messages that are prepared for at once. */
const AHEAD = 32;
/** Keystream that is prepared for each; a larger message is sealed by itself. */
const SMALL_BYTES = 2048;
const BLOCKS = SMALL_BYTES / 16;

/**
 * Seals many messages under one key, each under an IV of its own. A call of a cipher costs as much as a kilobyte of its
 * work, so IVs, keystreams and MAC keys are made for many small messages in one call each.
 */
export class Sealer {
  readonly #key: Key;
  readonly #ciphers: Ciphers;
  readonly #fillRandom: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  readonly #ivs = new Uint8Array(AHEAD * IV_BYTES);
  readonly #counters = new Uint32Array((AHEAD * SMALL_BYTES) / 4);
  /** A sealed message while it is made: IV, ciphertext, MAC. */
  readonly #words = new Uint32Array((SMALL_BYTES + SEAL_OVERHEAD) / 4);
  readonly #message = new Uint8Array(this.#words.buffer);
  /** The second halves of the Poly1305 keys. */
  #macKeys = new Uint8Array();
  #keystreams = new Uint32Array();
  #next = AHEAD;

  /** @param fillRandom fills an array with random bytes */
  constructor(key: Key, fillRandom: (bytes: Uint8Array<ArrayBuffer>) => unknown) {
    this.#key = key;
    this.#ciphers = ciphersOf(key);
    this.#fillRandom = fillRandom;
  }

  /** As `sealInto` of `crypto.ts`, with a fresh IV. Gives the bytes written, `plain.length + SEAL_OVERHEAD`. */
  sealInto(plain: Uint8Array, target: Uint8Array, offset: number): number {
    if (this.#next === AHEAD) this.#prepare();
    const next = this.#next++;
    const iv = this.#ivs.subarray(next * IV_BYTES, (next + 1) * IV_BYTES);
    if (plain.length > SMALL_BYTES) return sealInto(this.#key, iv, plain, target, offset);
    if (offset + plain.length + SEAL_OVERHEAD > target.length) {
      throw new TriplicateError('internal', 'No room for a sealed message.');
    }
    const end = IV_BYTES + plain.length;
    const message = this.#message;
    message.set(iv);
    message.set(plain, IV_BYTES);
    this.#applyKeystream(next, Math.ceil(plain.length / 4));
    const macKey = this.#macKeys.subarray(next * 16, (next + 1) * 16);
    message.set(macOf(this.#ciphers, macKey, message.subarray(IV_BYTES, end)), end);
    copyBytes(message.subarray(0, end + MAC_BYTES), target, offset);
    return plain.length + SEAL_OVERHEAD;
  }

  #applyKeystream(message: number, words: number): void {
    const from = message * (SMALL_BYTES / 4);
    const to = IV_BYTES / 4;
    for (let i = 0; i < words; i++) {
      this.#words[to + i] = (this.#words[to + i] as number) ^ (this.#keystreams[from + i] as number);
    }
  }

  #prepare(): void {
    this.#fillRandom(this.#ivs);
    for (let message = 0; message < AHEAD; message++) {
      const iv = this.#ivs.subarray(message * IV_BYTES, (message + 1) * IV_BYTES);
      if (iv.every((byte) => byte === 0)) throw new TriplicateError('internal', 'An IV must be 16 random bytes.');
      writeCounters(iv, this.#counters, (message * SMALL_BYTES) / 4, BLOCKS);
    }
    this.#macKeys = this.#ciphers.macBlock(this.#ivs) as Uint8Array<ArrayBuffer>;
    const stream = this.#ciphers.encryptBlocks(new Uint8Array(this.#counters.buffer));
    this.#keystreams =
      stream.byteOffset % 4 === 0
        ? new Uint32Array(stream.buffer as ArrayBuffer, stream.byteOffset, stream.length / 4)
        : new Uint32Array(stream.slice().buffer as ArrayBuffer);
    this.#next = 0;
  }
}
