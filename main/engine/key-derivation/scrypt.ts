import { pbkdf2, scrypt as scryptOfNode } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../workers/worker-entry.ts';
import { WORKER_LIMITS } from '../workers/worker-limits.ts';
import { LaneMixer } from './lane.ts';
import { type SharedLanes, takeLane } from './shared-lanes.ts';

/** N: a power of two, memory 128·N·r bytes; time N·r·p. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/**
 * scrypt (RFC 7914): `length` bytes from a passphrase and a salt. Large work is shared between this thread, which stays
 * free for other things every two milliseconds, and another; the rest is left to Node.
 */
export async function scrypt(
  passphrase: string | Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: ScryptCost,
): Promise<Uint8Array> {
  if (isWorthSharing(cost)) {
    // One at a time: several would be no sooner ready, and each takes twice the memory of a lane.
    const shared = ahead.then(() => scryptOnThreads(passphrase, salt, length, cost));
    ahead = shared.catch(() => undefined);
    const bytes = await shared;
    if (bytes) return bytes;
  }
  return scryptByNode(passphrase, salt, length, cost);
}

let ahead: Promise<unknown> = Promise.resolve();

/** Undefined where threads, vectors or memory are not to be had. */
export async function scryptOnThreads(
  passphrase: string | Uint8Array,
  salt: Uint8Array,
  length: number,
  cost: ScryptCost,
): Promise<Uint8Array | undefined> {
  const blockBytes = 128 * cost.r;
  const blocks = await pbkdf2Async(passphrase, salt, 1, blockBytes * cost.p, 'sha256');
  const lanes: SharedLanes = {
    blocks: new Uint8Array(new SharedArrayBuffer(blocks.length)),
    next: new Int32Array(new SharedArrayBuffer(4)),
    cost,
  };
  lanes.blocks.set(blocks);
  try {
    if (!(await mixAll(lanes))) return undefined;
    blocks.set(lanes.blocks);
    return await pbkdf2Async(passphrase, blocks, 1, length, 'sha256');
  } finally {
    lanes.blocks.fill(0);
    blocks.fill(0);
  }
}

const pbkdf2Async = promisify(pbkdf2);
const scryptAsync = promisify<string | Uint8Array, Uint8Array, number, object, Buffer>(scryptOfNode);

function scryptByNode(
  passphrase: string | Uint8Array,
  salt: Uint8Array,
  length: number,
  { N, r, p }: ScryptCost,
): Promise<Uint8Array> {
  return scryptAsync(passphrase, salt, length, { N, r, p, maxmem: 128 * r * (N + p + 2) + 1024 });
}

/** Starting a thread takes as long as mixing one lane of restic's. */
const MIN_WORK = 2 ** 19;
/** restic takes 32 to 64 MiB; each thread needs as much. */
const MAX_LANE_BYTES = 64 * 1024 * 1024;
const MAX_HELPERS = 2;

function isWorthSharing({ N, r, p }: ScryptCost): boolean {
  return p > 1 && N * r * p >= MIN_WORK && 128 * r * N <= MAX_LANE_BYTES;
}

/** Mixes every lane where it lies; false if that failed, and then the lanes are worth nothing. */
async function mixAll(lanes: SharedLanes): Promise<boolean> {
  const mixer = tryToMake(lanes.cost);
  if (!mixer) return false;
  const threads = startHelpers(lanes);
  try {
    let mixed = 0;
    for (let lane = takeLane(lanes); lane; lane = takeLane(lanes)) {
      for (const _ of mixer.mix(lane)) await setImmediate();
      mixed++;
    }
    // A thread that has not even started by now has nothing to give.
    if (mixed === lanes.cost.p) return true;
    for (const thread of threads) mixed += await thread.mixed;
    return mixed === lanes.cost.p;
  } finally {
    mixer.wipe();
    for (const thread of threads) thread.stop();
  }
}

/** As many as are of use and to be had. */
function startHelpers(lanes: SharedLanes): readonly Helper[] {
  const helpers: Helper[] = [];
  const wanted = Math.min(MAX_HELPERS, availableParallelism() - 1, lanes.cost.p - 1);
  try {
    while (helpers.length < wanted) helpers.push(new Helper(lanes));
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_WORKER_INIT_FAILED') throw error;
  }
  return helpers;
}

function tryToMake(cost: ScryptCost): LaneMixer | undefined {
  try {
    return new LaneMixer(cost);
  } catch (error) {
    if (error instanceof RangeError || error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

class Helper {
  /** How many lanes it has mixed; 0 if it failed. */
  readonly mixed: Promise<number>;
  readonly #worker: Worker;

  constructor(lanes: SharedLanes) {
    const entry = workerEntry('scrypt-worker', import.meta.url);
    this.#worker = new Worker(entry, { workerData: lanes, resourceLimits: WORKER_LIMITS });
    this.mixed = new Promise((resolve) => {
      this.#worker.on('message', resolve);
      this.#worker.on('error', () => resolve(0));
      this.#worker.on('exit', () => resolve(0));
    });
  }

  stop(): void {
    this.#worker.terminate().catch(() => undefined);
  }
}
