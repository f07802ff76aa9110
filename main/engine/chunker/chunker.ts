import { chunkerTables } from '../format/polynomial.ts';
import { MAX_CHUNK, MIN_CHUNK } from './limits.ts';
import { RABIN_WASM_BASE64 } from './rabin-wasm.ts';

export { MAX_CHUNK, MIN_CHUNK } from './limits.ts';

/** Cuts file content into chunks exactly as restic does with the same polynomial (format, section 12). */
export interface Chunker {
  /** The caller reads files straight into this view; it never moves. */
  readonly memory: Uint8Array<ArrayBuffer>;
  /**
   * Where the chunk that begins at `start` ends (exclusive), given the file's bytes in `memory[start, end)`; -1 when
   * more bytes are needed to decide, which is never so with `MAX_CHUNK` bytes or at the end of the file. The call
   * keeps no state.
   * @param looked bytes of this chunk that an earlier call, which gave -1, has seen already: they are not hashed again
   */
  nextCut(start: number, end: number, atEof: boolean, looked?: number): number;
}

/** A chunker with `memoryBytes` of memory of its own; at least `MAX_CHUNK` and some for reading ahead is sensible. */
export function createChunker(polynomial: bigint, memoryBytes: number): Chunker {
  const pages = Math.ceil((TABLE_BYTES + memoryBytes) / PAGE_BYTES);
  const wasmMemory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const tables = new BigUint64Array(wasmMemory.buffer, 0, TABLE_BYTES / 8);
  const { out, mod } = chunkerTables(polynomial);
  // A byte leaves as the next one is appended: its part of the digest takes that step in the table already.
  tables.set(out.map((digest) => (digest << 8n) ^ (mod[Number(digest >> 45n)] ?? 0n)));
  tables.set(mod, out.length);
  const { find } = instantiate(wasmMemory);

  const nextCut = (start: number, end: number, atEof: boolean, looked = 0): number => {
    const limit = Math.min(end, start + MAX_CHUNK);
    // A cut after byte p makes a chunk of p + 1 - start bytes, so the first position of interest is one less.
    const from = start + Math.max(MIN_CHUNK - 1, looked);
    if (from < limit) {
      const hit = find(TABLE_BYTES + from, TABLE_BYTES + limit);
      if (hit >= 0) return hit - TABLE_BYTES + 1;
    }
    if (limit - start === MAX_CHUNK) return limit;
    return atEof ? end : -1;
  };
  return { memory: new Uint8Array(wasmMemory.buffer as ArrayBuffer, TABLE_BYTES, memoryBytes), nextCut };
}

/** The ends of all chunks of `bytes`, the last being its length; none for no bytes. */
export function chunkBoundaries(polynomial: bigint, bytes: Uint8Array): number[] {
  const chunker = createChunker(polynomial, bytes.length);
  chunker.memory.set(bytes);
  const ends: number[] = [];
  for (let start = 0; start < bytes.length; start = ends.at(-1) ?? bytes.length) {
    ends.push(chunker.nextCut(start, bytes.length, true));
  }
  return ends;
}

/** The two tables at the beginning of the WebAssembly memory. */
const TABLE_BYTES = 4096;
const PAGE_BYTES = 65_536;

interface RabinExports {
  /** The first position in [from, to) whose byte ends a window that hashes to a cut, or -1. */
  find(from: number, to: number): number;
}

let compiled: WebAssembly.Module | undefined;

function instantiate(memory: WebAssembly.Memory): RabinExports {
  // Compiling so few bytes takes less than a millisecond; each worker does it once.
  compiled ??= new WebAssembly.Module(Buffer.from(RABIN_WASM_BASE64, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as RabinExports;
}
