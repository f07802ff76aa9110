import { copyBytes } from '../copy-bytes.ts';
import { TriplicateError } from '../errors.ts';
import { POLY1305_WASM_BASE64 } from './poly1305-wasm.ts';

/**
 * Poly1305 (RFC 8439, section 2.5): authenticates one message under a key that is used once. In WebAssembly of our own,
 * because Node offers it only as a part of ChaCha20-Poly1305 (docs/decisions/0009-poly1305-of-our-own.md).
 */
export const MAC_BYTES = 16;
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** The MAC of a whole message. `key`: `r || s`, 32 bytes; bits of `r` that must be zero are ignored. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  beginMac(key);
  for (let start = 0; start < message.length; start += ROOM_BYTES) {
    updateMac(message.subarray(start, start + ROOM_BYTES));
  }
  return endMac();
}

/** Begins a MAC that gets its message in parts. One at a time in a thread: what was begun before is forgotten. */
export function beginMac(key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new TriplicateError('internal', 'A Poly1305 key has 32 bytes.');
  memory.set(key, KEY);
  begin(KEY);
  left = 0;
}

/** The next part of the message; every part but the last is a multiple of 16 bytes. */
export function updateMac(part: Uint8Array): void {
  if (left !== 0) throw new TriplicateError('internal', 'Only the last part of a message may end within a block.');
  for (let start = 0; start < part.length; start += ROOM_BYTES) {
    const piece = part.length <= ROOM_BYTES ? part : part.subarray(start, start + ROOM_BYTES);
    copyBytes(piece, memory, ROOM);
    left = piece.length % BLOCK_BYTES;
    const whole = piece.length - left;
    if (whole > 0) update(ROOM, whole, POWERS);
    if (left > 0) memory.copyWithin(REST, ROOM + whole, ROOM + piece.length);
  }
}

export function endMac(): Uint8Array<ArrayBuffer> {
  finish(REST, left, MAC);
  left = 0;
  return memory.slice(MAC, MAC + MAC_BYTES);
}

/** Where things lie in the memory of the WebAssembly. */
const KEY = 0;
const MAC = KEY + KEY_BYTES;
const REST = MAC + MAC_BYTES;
/** The WebAssembly's own: 336 bytes, and some so that the room begins with a line of the cache. */
const POWERS = REST + BLOCK_BYTES;
const ROOM = POWERS + 384;
const PAGE_BYTES = 65_536;
const PAGES = 3;
/** What is taken in at once: little enough to stay in the processor's cache. */
const ROOM_BYTES = 128 * 1024;

interface Exports {
  begin(key: number): void;
  update(from: number, bytes: number, powers: number): void;
  finish(from: number, bytes: number, mac: number): void;
}

const wasmMemory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
const memory = new Uint8Array(wasmMemory.buffer as ArrayBuffer, 0, PAGES * PAGE_BYTES);
const module = new WebAssembly.Module(Buffer.from(POLY1305_WASM_BASE64, 'base64'));
const instance = new WebAssembly.Instance(module, { env: { memory: wasmMemory } });
const { begin, update, finish } = instance.exports as unknown as Exports;
/** Bytes of the message that lie in REST and are no whole block. */
let left = 0;
