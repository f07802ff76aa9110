import { SCRYPT_WASM_BASE64 } from './scrypt-wasm.ts';

/** What a lane costs: a block of `128 r` bytes, a table of `N` of them. */
export interface LaneCost {
  /** A power of two, at least 4. */
  readonly N: number;
  readonly r: number;
}

/**
 * Mixes lanes of scrypt (scryptROMix, RFC 7914 section 5) one after the other, in memory of `128 r (N + 2)` bytes. In
 * WebAssembly of our own, because OpenSSL mixes the lanes of one key in one thread, without vectors
 * (docs/decisions/0010-scrypt-on-two-threads.md).
 */
export class LaneMixer {
  readonly #cost: LaneCost;
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #wasm: Exports;

  /** @throws RangeError or CompileError where the system has no such memory, or its processor no vectors */
  constructor(cost: LaneCost) {
    this.#cost = cost;
    const pages = Math.ceil((128 * cost.r * (cost.N + 2)) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(compiled(), { env: { memory } });
    this.#memory = new Uint8Array(memory.buffer as ArrayBuffer);
    this.#wasm = instance.exports as unknown as Exports;
  }

  /** Mixes `lane`, `128 r` bytes, where it lies. Gives control back every millisecond or two. */
  *mix(lane: Uint8Array): Generator<void> {
    const { N, r } = this.#cost;
    const { enter, fill, turn, mix, leave } = this.#wasm;
    const step = Math.min(N, 2 ** Math.max(1, Math.floor(Math.log2(STEP_BYTES / (128 * r)))));
    this.#memory.set(lane);
    enter(r);
    for (let from = 1; from < N; from += step) {
      fill(r, from, Math.min(N, from + step));
      yield;
    }
    turn(r, N);
    for (let done = 0; done < N; done += step) {
      mix(r, N, step);
      yield;
    }
    leave(r);
    lane.set(this.#memory.subarray(0, lane.length));
  }

  /** Must be called when the last lane is done: what lies in the memory would make guessing the passphrase cheap. */
  wipe(): void {
    this.#wasm.wipe(this.#memory.length);
  }
}

/** How much of the table a step covers. */
const STEP_BYTES = 2 ** 20;
const PAGE_BYTES = 65_536;

interface Exports {
  enter(r: number): void;
  fill(r: number, from: number, to: number): void;
  turn(r: number, n: number): void;
  mix(r: number, n: number, steps: number): void;
  leave(r: number): void;
  wipe(bytes: number): void;
}

let wasmModule: WebAssembly.Module | undefined;

function compiled(): WebAssembly.Module {
  wasmModule ??= new WebAssembly.Module(Buffer.from(SCRYPT_WASM_BASE64, 'base64'));
  return wasmModule;
}
