/** Times that were written down while the clock was wrong. */

/**
 * How long ago `then` was, in milliseconds. What is still to come was written down by a clock that was wrong then, or is now: it
 * counts as longer ago than anything, so that nothing waits for years and nothing counts as fresh.
 */
export function elapsed(now: number, then: number): number {
  return then > now ? Number.POSITIVE_INFINITY : now - then;
}

/** A clock that is put right by less than this makes no proof worthless. */
const SLACK_MS = 24 * 3_600_000;

/** The same for what a person sees: a clock that was put back by minutes or hours shows nowhere. */
export function ageOf(now: number, then: number): number {
  return then > now + SLACK_MS ? Number.POSITIVE_INFINITY : Math.max(0, now - then);
}
