import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Random } from '../engine/clock.ts';
import { TriplicateError } from '../engine/errors.ts';

/** The system's own clock and randomness: what the engine gets outside tests. */

/** Wall-clock start of this process; `performance` counts from it with more digits than `Date` has. */
const origin = BigInt(Math.round(performance.timeOrigin * 1e6));

export const systemClock: Clock = {
  /** Follows the wall clock, also when somebody sets it, with the finest digits that the platform gives. */
  now() {
    const fine = origin + BigInt(Math.round(performance.now() * 1e6));
    const wall = BigInt(Date.now()) * 1_000_000n;
    const drift = fine - wall;
    return drift > -2_000_000n && drift < 2_000_000n ? fine : wall;
  },
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw new TriplicateError('cancelled', 'Cancelled.', { cause: error });
    }
  },
};

export const systemRandom: Random = (length) => randomBytes(length);
