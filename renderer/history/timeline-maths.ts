import type { TimelineMoment } from '../../main/api/contract/history.ts';

/** The numbers behind the timeline. Pure. Moments come newest first, as the contract gives them. */

export type Range = 'day' | 'week' | 'month' | 'year' | 'all';

const DAY_MS = 86_400_000;
const RANGE_MS: Readonly<Record<Exclude<Range, 'all'>, number>> = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
  year: 365 * DAY_MS,
};

/** The span that the timeline shows, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One bar: how much changed in this stretch of time. */
export interface Bar {
  /** 0 to 1, from the left edge. */
  readonly start: number;
  readonly changes: number;
  /** 0 to 1 of the highest bar, on a root scale so that a big day does not hide the small ones. */
  readonly height: number;
}

/** The span of `range` that ends now; `all` begins a little before the oldest moment. */
export function spanOf(moments: readonly TimelineMoment[], range: Range, now: number): Span {
  if (range !== 'all') return { from: now - RANGE_MS[range], to: now };
  const oldest = moments.at(-1);
  const from = oldest === undefined ? now - DAY_MS : Date.parse(oldest.time);
  const length = Math.max(now - from, 3_600_000);
  return { from: now - length * 1.02, to: now };
}

/** The shortest range that holds at least three moments, so that the first look shows something. */
export function startRange(moments: readonly TimelineMoment[], now: number): Range {
  for (const range of ['week', 'month', 'year'] as const) {
    const { from } = spanOf(moments, range, now);
    if (moments.filter((moment) => Date.parse(moment.time) >= from).length >= 12) return range;
  }
  return 'all';
}

/** Changes counted into `count` equal stretches of the span. */
export function bars(moments: readonly TimelineMoment[], span: Span, count: number): readonly Bar[] {
  const sums = new Array<number>(count).fill(0);
  for (const moment of moments) {
    const place = position(moment, span);
    if (place < 0 || place > 1) continue;
    const index = Math.min(count - 1, Math.floor(place * count));
    sums[index] = (sums[index] ?? 0) + Math.max(1, changeCount(moment));
  }
  const highest = Math.max(...sums, 1);
  return sums.map((changes, index) => ({ start: index / count, changes, height: Math.sqrt(changes / highest) }));
}

/** Where a moment stands in the span: 0 at its beginning, 1 at its end; outside when it is not in it. */
export function position(moment: TimelineMoment, span: Span): number {
  return (Date.parse(moment.time) - span.from) / (span.to - span.from);
}

/** The moment nearest to a place in the span. */
export function nearest(moments: readonly TimelineMoment[], span: Span, place: number): TimelineMoment | undefined {
  const wanted = span.from + place * (span.to - span.from);
  let best: TimelineMoment | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const moment of moments) {
    const away = Math.abs(Date.parse(moment.time) - wanted);
    if (away < distance) {
      best = moment;
      distance = away;
    }
  }
  return best;
}

/** The moment that many steps newer (positive) or older (negative), kept inside the list. */
export function step(moments: readonly TimelineMoment[], from: TimelineMoment, steps: number): TimelineMoment {
  const index = moments.findIndex(({ id }) => id === from.id);
  return moments[Math.max(0, Math.min(moments.length - 1, index - steps))] ?? from;
}

export function changeCount(moment: TimelineMoment): number {
  const { added, changed, removed } = moment.changes;
  return added + changed + removed;
}
