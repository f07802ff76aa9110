/** The engine's only view of time and chance: passed in, so that tests and replays decide both. */

/** A moment as nanoseconds since 1970-01-01T00:00:00Z; may be negative. */
export type Nanoseconds = bigint;

export interface Clock {
  now(): Nanoseconds;
  /** Resolves after `ms` milliseconds, rejects with `cancelled` when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Fills a fresh buffer of `length` bytes with cryptographic randomness. */
export type Random = (length: number) => Uint8Array;
