import type { Nanoseconds } from '../../engine/clock.ts';

const DAY: Nanoseconds = 86_400_000_000_000n;
/** A pause between two versions that may as well be a clock that has jumped ahead. */
const GAP = 31n * DAY;
/** Whoever's clock is years ahead notices within this time: no server is to be trusted any more, no message has a right date. */
const BELIEVED_AFTER = 7n * DAY;

/**
 * Whether the newest of these times came a long time after those before, and not long ago. Rules that count back from the newest
 * would let all earlier versions go at once, though perhaps only a clock was wrong. Times to come say nothing. Pure.
 */
export function isFreshAfterGap(times: readonly Nanoseconds[], now: Nanoseconds): boolean {
  const newestFirst = times.filter((time) => time <= now).toSorted((a, b) => (a < b ? 1 : -1));
  for (const [position, time] of newestFirst.entries()) {
    if (now - time >= BELIEVED_AFTER) return false;
    const earlier = newestFirst[position + 1];
    if (earlier !== undefined && time - earlier > GAP) return true;
  }
  return false;
}
