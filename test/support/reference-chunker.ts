import { CUT_MASK, MAX_CHUNK, MIN_CHUNK, WINDOW_BYTES } from '../../main/engine/chunker/limits.ts';
import { chunkerTables } from '../../main/engine/format/polynomial.ts';

/**
 * The chunker as the format page describes it (section 12), byte by byte and without any short cut: what the
 * WebAssembly is tested against. Far too slow for files.
 */
export function referenceBoundaries(polynomial: bigint, bytes: Uint8Array): number[] {
  const halves = splitTables(polynomial);
  const ends: number[] = [];
  for (let start = 0; start < bytes.length; start = ends.at(-1) ?? bytes.length) {
    ends.push(referenceCut(halves, bytes, start));
  }
  return ends;
}

interface Halves {
  readonly outHigh: Uint32Array;
  readonly outLow: Uint32Array;
  readonly modHigh: Uint32Array;
  readonly modLow: Uint32Array;
}

function referenceCut(tables: Halves, bytes: Uint8Array, start: number): number {
  const window = new Uint8Array(WINDOW_BYTES);
  let next = 0;
  let high = 0;
  let low = 0;
  const feed = (byte: number): void => {
    const leaving = window[next] as number;
    window[next] = byte;
    next = (next + 1) % WINDOW_BYTES;
    high ^= tables.outHigh[leaving] as number;
    low ^= tables.outLow[leaving] as number;
    const top = high >>> 13;
    high = ((high << 8) | (low >>> 24)) ^ (tables.modHigh[top] as number);
    low = ((low << 8) | byte) ^ (tables.modLow[top] as number);
  };
  feed(1);
  const end = Math.min(bytes.length, start + MAX_CHUNK);
  for (let at = start + MIN_CHUNK - WINDOW_BYTES; at < end; at++) {
    feed(bytes[at] as number);
    if (at + 1 - start >= MIN_CHUNK && (low & CUT_MASK) === 0) return at + 1;
  }
  return end;
}

function splitTables(polynomial: bigint): Halves {
  const { out, mod } = chunkerTables(polynomial);
  const high = (table: BigUint64Array): Uint32Array => Uint32Array.from(table, (value) => Number(value >> 32n));
  const low = (table: BigUint64Array): Uint32Array => Uint32Array.from(table, (value) => Number(value & 0xffff_ffffn));
  return { outHigh: high(out), outLow: low(out), modHigh: high(mod), modLow: low(mod) };
}
