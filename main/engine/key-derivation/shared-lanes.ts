import type { ScryptCost } from './scrypt.ts';

/** What the threads that derive one key share. */
export interface SharedLanes {
  readonly cost: ScryptCost;
  /** The `p` lanes, `128 r` bytes each: mixed where they lie. */
  readonly blocks: Uint8Array<SharedArrayBuffer>;
  /** One number: the lane that nobody has taken yet. */
  readonly next: Int32Array<SharedArrayBuffer>;
}

/** A lane that is nobody else's from now on; undefined when all are taken. */
export function takeLane({ cost, blocks, next }: SharedLanes): Uint8Array | undefined {
  const lane = Atomics.add(next, 0, 1);
  const bytes = 128 * cost.r;
  return lane < cost.p ? blocks.subarray(lane * bytes, (lane + 1) * bytes) : undefined;
}
