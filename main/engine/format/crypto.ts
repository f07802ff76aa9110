import { createCipheriv, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { copyBytes } from '../copy-bytes.ts';
import { TriplicateError } from '../errors.ts';
import { giveBack } from '../give-back.ts';
import { beginMac, endMac, MAC_BYTES, poly1305, updateMac } from './poly1305.ts';

/** One key set (format, section 2): the master key of a repository, or the key derived from a passphrase. */
export interface Key {
  /** AES-256 key, 32 bytes. */
  readonly encrypt: Uint8Array;
  /** AES-128 key that turns an IV into the second half of the Poly1305 key, 16 bytes. */
  readonly macK: Uint8Array;
  /** First half of the Poly1305 key, 16 bytes; clamped where it is used. */
  readonly macR: Uint8Array;
}

export const IV_BYTES = 16;
/** Bytes that sealing adds: the IV in front and the MAC behind. */
export const SEAL_OVERHEAD = IV_BYTES + MAC_BYTES;

/** `IV || ciphertext || MAC` of `plain` in fresh memory. `iv`: 16 random bytes, never used twice. */
export function seal(key: Key, iv: Uint8Array, plain: Uint8Array): Uint8Array<ArrayBuffer> {
  // Not from Buffer's pool: the result may be transferred to another thread.
  const sealed = Buffer.allocUnsafeSlow(plain.length + SEAL_OVERHEAD);
  sealInto(key, iv, plain, sealed, 0);
  return sealed;
}

/** Seals into `target` at `offset`; gives the bytes written, `plain.length + SEAL_OVERHEAD`. `plain` may not overlap. */
export function sealInto(key: Key, iv: Uint8Array, plain: Uint8Array, target: Uint8Array, offset: number): number {
  if (iv.length !== IV_BYTES || isZero(iv)) throw new TriplicateError('internal', 'An IV must be 16 random bytes.');
  const macStart = offset + IV_BYTES + plain.length;
  if (macStart + MAC_BYTES > target.length) throw new TriplicateError('internal', 'No room for a sealed message.');
  const ciphers = ciphersOf(key);
  target.set(iv, offset);
  if (plain.length > SMALL_BYTES) {
    beginMac(macKeyOf(ciphers, ciphers.macBlock(iv)));
    encryptInParts(ciphers, iv, plain, target, offset + IV_BYTES, updateMac);
    target.set(endMac(), macStart);
  } else {
    applyKeystream(ciphers, iv, plain, target, offset + IV_BYTES);
    target.set(macOf(ciphers, ciphers.macBlock(iv), target.subarray(offset + IV_BYTES, macStart)), macStart);
  }
  return plain.length + SEAL_OVERHEAD;
}

/** The plaintext of a sealed message; nothing is decrypted before its MAC is right. @throws `repo/damaged` */
export function open(key: Key, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  const { iv, ciphertext } = verified(key, sealed);
  const plain = Buffer.allocUnsafeSlow(ciphertext.length);
  applyKeystream(ciphersOf(key), iv, ciphertext, plain, 0);
  return plain;
}

/**
 * As `open`, for bytes that nobody needs sealed any more: the plaintext takes the place of the ciphertext and is a view of
 * it. Large messages then need no memory of their own. A message that does not pass is left as it was.
 */
export function openInPlace(key: Key, sealed: Uint8Array): Uint8Array {
  const { iv, ciphertext } = verified(key, sealed);
  applyKeystream(ciphersOf(key), iv, ciphertext, ciphertext, 0);
  return ciphertext;
}

/** As `open`, with the plaintext at the beginning of `target`, which may be shared memory. */
export function openInto(key: Key, sealed: Uint8Array, target: Uint8Array): Uint8Array {
  const { iv, ciphertext } = verified(key, sealed);
  if (ciphertext.length > target.length) throw new TriplicateError('internal', 'No room for an opened message.');
  applyKeystream(ciphersOf(key), iv, ciphertext, target, 0);
  return target.subarray(0, ciphertext.length);
}

/** The parts of a sealed message whose MAC is right. */
function verified(key: Key, sealed: Uint8Array): { readonly iv: Uint8Array; readonly ciphertext: Uint8Array } {
  if (sealed.length < SEAL_OVERHEAD) throw damaged(`Sealed data of ${sealed.length} bytes is too short.`);
  const macStart = sealed.length - MAC_BYTES;
  const iv = sealed.subarray(0, IV_BYTES);
  const ciphertext = sealed.subarray(IV_BYTES, macStart);
  const ciphers = ciphersOf(key);
  if (isZero(iv) || !timingSafeEqual(macOf(ciphers, ciphers.macBlock(iv), ciphertext), sealed.subarray(macStart))) {
    throw damaged('Stored data does not pass its integrity check.');
  }
  return { iv, ciphertext };
}

/** Sets the bits of `r` that Poly1305 demands to be zero (RFC 8439, section 2.5). Changes `r`. */
export function clampR(r: Uint8Array): void {
  for (const i of [3, 7, 11, 15]) r[i] = (r[i] ?? 0) & 0x0f;
  for (const i of [4, 8, 12]) r[i] = (r[i] ?? 0) & 0xfc;
}

/** Encrypts whole 16-byte blocks, each by itself; keeps no state between calls. */
type BlockCipher = (blocks: Uint8Array) => Uint8Array;

/** For what seals in this folder; everybody else takes `seal`, `open` or a `Sealer`. */
export interface Ciphers {
  readonly encryptBlocks: BlockCipher;
  /** The key for ciphers of one message each: bytes would be looked at anew each time, through two errors that Node catches. */
  readonly encryptKey: KeyObject;
  readonly macBlock: BlockCipher;
  /** `r || s`; `s` is written anew for each message. */
  readonly polyKey: Uint8Array;
}

const CIPHERS = new WeakMap<Key, Ciphers>();

/** The ciphers of a key, made once: creating one costs 14 µs, more than sealing a small blob. */
export function ciphersOf(key: Key): Ciphers {
  const known = CIPHERS.get(key);
  if (known) return known;
  checkKey(key);
  const polyKey = new Uint8Array(32);
  polyKey.set(key.macR);
  clampR(polyKey);
  const made: Ciphers = {
    encryptBlocks: blockCipher('aes-256-ecb', key.encrypt),
    encryptKey: createSecretKey(key.encrypt),
    macBlock: blockCipher('aes-128-ecb', key.macK),
    polyKey,
  };
  CIPHERS.set(key, made);
  return made;
}

function checkKey(key: Key): void {
  const sizes = key.encrypt.length === 32 && key.macK.length === 16 && key.macR.length === 16;
  if (!sizes || isZero(key.encrypt) || isZero(key.macK) || isZero(key.macR)) throw damaged('The key is not valid.');
}

function blockCipher(algorithm: 'aes-256-ecb' | 'aes-128-ecb', key: Uint8Array): BlockCipher {
  const cipher = createCipheriv(algorithm, key, null);
  cipher.setAutoPadding(false);
  return (blocks) => cipher.update(blocks);
}

/** `s`: the encrypted IV, the second half of the Poly1305 key. */
export function macOf(ciphers: Ciphers, s: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return poly1305(macKeyOf(ciphers, s), ciphertext);
}

function macKeyOf({ polyKey }: Ciphers, s: Uint8Array): Uint8Array {
  polyKey.set(s, 16);
  return polyKey;
}

/** Up to here the counter blocks are encrypted with the key's ECB cipher, which spares a CTR cipher for each message. */
const SMALL_BYTES = 16 * 1024;
/** Larger messages go through the cipher and Poly1305 in parts that stay in the processor's cache; whole blocks each. */
const PART_BYTES = 128 * 1024;
const counters = new Uint8Array(SMALL_BYTES);
const counterWords = new Uint32Array(counters.buffer);
const scratch = new Uint8Array(SMALL_BYTES);
const scratchWords = new Uint32Array(scratch.buffer);

/** `target[offset…] = source XOR AES-256-CTR keystream`: encrypts and decrypts alike. */
function applyKeystream(
  ciphers: Ciphers,
  iv: Uint8Array,
  source: Uint8Array,
  target: Uint8Array,
  offset: number,
): void {
  if (source.length > SMALL_BYTES) return encryptInParts(ciphers, iv, source, target, offset);
  if (source.length === 0) return;
  const keystream = ciphers.encryptBlocks(counterBlocks(iv, Math.ceil(source.length / 16)));
  copyBytes(source, scratch, 0);
  xorIntoScratch(keystream, keystream.length / 4);
  copyBytes(source.length === SMALL_BYTES ? scratch : scratch.subarray(0, source.length), target, offset);
  giveBack(keystream);
}

/** @param onPart sees each part of the result while it is in the processor's cache */
function encryptInParts(
  { encryptKey }: Ciphers,
  iv: Uint8Array,
  source: Uint8Array,
  target: Uint8Array,
  offset: number,
  onPart?: (part: Uint8Array) => void,
): void {
  const cipher = createCipheriv('aes-256-ctr', encryptKey, iv);
  for (let start = 0; start < source.length; start += PART_BYTES) {
    const part = cipher.update(source.subarray(start, start + PART_BYTES));
    onPart?.(part);
    copyBytes(part, target, offset + start);
    giveBack(part);
  }
}

function xorIntoScratch(keystream: Uint8Array, words: number): void {
  const stream =
    keystream.byteOffset % 4 === 0
      ? new Uint32Array(keystream.buffer, keystream.byteOffset, words)
      : new Uint32Array(keystream.slice().buffer, 0, words);
  for (let i = 0; i < words; i++) scratchWords[i] = (scratchWords[i] as number) ^ (stream[i] as number);
}

function counterBlocks(iv: Uint8Array, count: number): Uint8Array {
  writeCounters(iv, counterWords, 0, count);
  return counters.subarray(0, count * 16);
}

/** Where the last of the four bytes of a word stands in the number. */
const LAST_BYTE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 24 : 0;

/** `count` counter blocks, the first being the IV; the carry runs through all 16 bytes (format, section 2). */
export function writeCounters(iv: Uint8Array, target: Uint32Array, offset: number, count: number): void {
  const block = Uint8Array.from(iv);
  const words = new Uint32Array(block.buffer);
  const end = offset + count * 4;
  for (let at = offset; at < end; ) {
    const [first, second, third, last] = words as unknown as readonly [number, number, number, number];
    const upper = last & ~(0xff << LAST_BYTE);
    const counted = (last >>> LAST_BYTE) & 0xff;
    const steps = Math.min((end - at) / 4, 256 - counted);
    for (let step = 0; step < steps; step++, at += 4) {
      target[at] = first;
      target[at + 1] = second;
      target[at + 2] = third;
      target[at + 3] = upper | ((counted + step) << LAST_BYTE);
    }
    carryInto(block);
  }
}

/** The next block whose last byte is zero. */
function carryInto(block: Uint8Array): void {
  block[IV_BYTES - 1] = 0;
  for (let i = IV_BYTES - 2; i >= 0; i--) {
    block[i] = ((block[i] as number) + 1) & 0xff;
    if (block[i] !== 0) return;
  }
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

function damaged(message: string): TriplicateError {
  return new TriplicateError('repo/damaged', message);
}
