import { remainder } from '../format/polynomial.ts';

/** restic's chunk limits and window (format, section 12), in bytes. */
export const MIN_CHUNK = 512 * 1024;
export const MAX_CHUNK = 8 * 1024 * 1024;
const WINDOW = 64;
const CUT_MASK = 0xfffff;

export interface Chunker {
  /** Files are read straight into this. */
  readonly memory: Uint8Array;
  /** The end of the chunk that begins at `start`, or -1 when `end` comes before it is decided. */
  nextCut(start: number, end: number, atEof: boolean): number;
}

/** A Rabin chunker over memory of its own. */
export function createChunker(polynomial: bigint, memoryBytes: number): Chunker {
  const memory = new Uint8Array(memoryBytes);
  const { outHi, outLo, modHi, modLo } = tables(polynomial);
  const nextCut = (start: number, end: number, atEof: boolean): number => {
    const limit = Math.min(end, start + MAX_CHUNK);
    if (limit - start < MIN_CHUNK) return atEof ? end : -1;
    const from = start + MIN_CHUNK - WINDOW;
    let hi = 0;
    let lo = 0;
    const slide = (leaving: number, entering: number): void => {
      hi ^= outHi[leaving] ?? 0;
      lo ^= outLo[leaving] ?? 0;
      const index = hi >>> 13;
      hi = ((hi << 8) | (lo >>> 24)) ^ (modHi[index] ?? 0);
      lo = ((lo << 8) | entering) ^ (modLo[index] ?? 0);
    };
    slide(0, 1);
    for (let at = from; at < limit; at++) {
      const leaving = at - from < WINDOW - 1 ? 0 : at - from === WINDOW - 1 ? 1 : (memory[at - WINDOW] ?? 0);
      slide(leaving, memory[at] ?? 0);
      if (at + 1 - start >= MIN_CHUNK && (lo & CUT_MASK) === 0) return at + 1;
    }
    if (limit - start === MAX_CHUNK) return limit;
    return atEof ? end : -1;
  };
  return { memory, nextCut };
}

function tables(polynomial: bigint) {
  const outHi = new Int32Array(256);
  const outLo = new Int32Array(256);
  const modHi = new Int32Array(256);
  const modLo = new Int32Array(256);
  for (let b = 0; b < 256; b++) {
    let out = remainder(BigInt(b), polynomial);
    for (let i = 0; i < WINDOW - 1; i++) out = remainder(out << 8n, polynomial);
    const high = BigInt(b) << 53n;
    const mod = remainder(high, polynomial) | high;
    outHi[b] = Number(BigInt.asIntN(32, out >> 32n));
    outLo[b] = Number(BigInt.asIntN(32, out));
    modHi[b] = Number(BigInt.asIntN(32, mod >> 32n));
    modLo[b] = Number(BigInt.asIntN(32, mod));
  }
  return { outHi, outLo, modHi, modLo };
}
