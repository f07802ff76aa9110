import type { Clock } from '../clock.ts';
import { throwIfCancelled } from '../errors.ts';
import type { WriteStore } from './store.ts';

/** Limits on one store; what is absent is not limited. Rates count bytes of objects, not of the protocol around them. */
export interface StoreLimits {
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
  /** How many calls may be under way at once. */
  readonly connections?: number;
}

/** Holds a store to its limits: calls wait for their turn, and for the time that their bytes take. */
export function limited(store: WriteStore, limits: StoreLimits, clock: Clock): WriteStore {
  const gate = new Gate(limits.connections ?? Number.POSITIVE_INFINITY);
  const upload = new Pace(limits.uploadBytesPerSecond, clock);
  const download = new Pace(limits.downloadBytesPerSecond, clock);
  const connections = Math.min(store.capabilities.connections, limits.connections ?? Number.POSITIVE_INFINITY);
  const { showsAtOnce } = store;
  return {
    location: store.location,
    capabilities: { ...store.capabilities, connections },
    list: (type, signal) => gate.pass(() => store.list(type, signal), signal),
    get: (name, range, signal) =>
      gate.pass(async () => {
        const bytes = await store.get(name, range, signal);
        await download.spend(bytes.length, signal);
        return bytes;
      }, signal),
    put: (name, bytes, signal) =>
      gate.pass(async () => {
        // A lock that waits behind packs would be old when it arrives.
        if (name.type !== 'locks') await upload.spend(bytes.length, signal);
        await store.put(name, bytes, signal);
      }, signal),
    ...(showsAtOnce && { showsAtOnce: () => showsAtOnce.call(store) }),
    replaceConfig: (bytes, signal) => gate.pass(() => store.replaceConfig(bytes, signal), signal),
    remove: (name, signal) => gate.pass(() => store.remove(name, signal), signal),
    create: (signal) => gate.pass(() => store.create(signal), signal),
    stat: (signal) => store.stat(signal),
    close: () => store.close(),
  };
}

/** Lets a number of calls in at once, the rest in the order in which they came. */
class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((enter) => this.#waiting.push(enter));
    try {
      throwIfCancelled(signal);
      return await work();
    } finally {
      // The place goes to the next in line, so that nobody can slip in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** A schedule of bytes: each spending waits until those before it have had their time. */
class Pace {
  readonly #rate: number | undefined;
  readonly #clock: Clock;
  #freeAt = 0n;

  constructor(rate: number | undefined, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  async spend(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#rate === undefined) return;
    const now = this.#clock.now();
    const start = this.#freeAt > now ? this.#freeAt : now;
    this.#freeAt = start + BigInt(Math.round((bytes / this.#rate) * 1e9));
    await this.#clock.sleep(Number(this.#freeAt - now) / 1e6, signal);
  }
}
