import type { Clock, Nanoseconds } from '../clock.ts';
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
      gate.pass(() => {
        const work = (): Promise<Uint8Array> => store.get(name, range, signal);
        // What says who holds the repository must not wait behind packs.
        return name.type === 'locks' ? work() : download.receive(range?.length, work, signal);
      }, signal),
    put: (name, bytes, signal) =>
      gate.pass(() => {
        const work = (): Promise<void> => store.put(name, bytes, signal);
        // A lock that waits behind packs would be old when it arrives.
        return name.type === 'locks' ? work() : upload.send(bytes.length, work, signal);
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

/** What was not used lately may be used at once, up to what one second allows: time between calls is not lost. */
const SPARE_NS = 1_000_000_000n;

/**
 * A schedule of bytes: each transfer begins when those before it have had their time, and ends when its own is over. The time
 * that it takes by itself is a part of that, not added to it.
 */
class Pace {
  readonly #rate: number | undefined;
  readonly #clock: Clock;
  #freeAt: Nanoseconds;
  #seen: Nanoseconds;
  /** By how much the clock was put back: otherwise all would wait until it is as late again. */
  #putBack = 0n;

  constructor(rate: number | undefined, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#seen = clock.now();
    this.#freeAt = this.#seen;
  }

  async send(bytes: number, work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    if (this.#rate === undefined) return work();
    const { start, end } = this.#reserve(bytes, this.#now());
    await this.#until(start, signal);
    await work();
    // Cancelled or not, it is stored.
    await this.#until(end, signal).catch(() => undefined);
  }

  /** @param announced how many bytes are to come, where that is known before they are there */
  async receive(
    announced: number | undefined,
    work: () => Promise<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    if (this.#rate === undefined) return work();
    const begun = this.#now();
    const known = announced === undefined ? undefined : this.#reserve(announced, begun);
    if (known) await this.#until(known.start, signal);
    const bytes = await work();
    const { end } = known ?? this.#reserve(bytes.length, begun);
    await this.#until(end, signal);
    return bytes;
  }

  /** Takes the time that `bytes` need: behind those before them, and hardly before they were asked for. */
  #reserve(bytes: number, asked: Nanoseconds): { readonly start: Nanoseconds; readonly end: Nanoseconds } {
    const earliest = asked - SPARE_NS;
    const start = this.#freeAt > earliest ? this.#freeAt : earliest;
    this.#freeAt = start + BigInt(Math.round((bytes / (this.#rate ?? Number.POSITIVE_INFINITY)) * 1e9));
    return { start, end: this.#freeAt };
  }

  #now(): Nanoseconds {
    const now = this.#clock.now();
    if (now < this.#seen) this.#putBack += this.#seen - now;
    this.#seen = now;
    return now + this.#putBack;
  }

  async #until(moment: Nanoseconds, signal?: AbortSignal): Promise<void> {
    const left = Number(moment - this.#now()) / 1e6;
    if (left > 0) await this.#clock.sleep(left, signal);
  }
}
