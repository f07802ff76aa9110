import type { Clock } from '../../main/engine/clock.ts';
import { throwIfCancelled } from '../../main/engine/errors.ts';

/** A clock that only moves when somebody sleeps, and then at once. */
export interface FakeClock extends Clock {
  /** Every sleep asked for, in milliseconds. */
  readonly slept: readonly number[];
  advance(ms: number): void;
}

export function fakeClock(start = 1_700_000_000_000_000_000n): FakeClock {
  let now = start;
  const slept: number[] = [];
  const advance = (ms: number) => {
    now += BigInt(Math.round(ms * 1e6));
  };
  return {
    slept,
    advance,
    now: () => now,
    async sleep(ms, signal) {
      throwIfCancelled(signal);
      slept.push(ms);
      advance(ms);
    },
  };
}
