import type { Nanoseconds } from '../clock.ts';
import type { Duration } from './durations.ts';

/** A moment as the wall clock of some zone shows it; months from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
}

/** Minutes east of UTC at an instant. */
export type Zone = (at: Nanoseconds) => number;

const MINUTE = 60_000_000_000n;
const DAY_MS = 86_400_000;

export function wallTime(at: Nanoseconds, zone: Zone): WallTime {
  const date = new Date(Number((at + BigInt(zone(at)) * MINUTE) / 1_000_000n));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
  };
}

/** Year and week of ISO 8601, as Go's ISOWeek: the week belongs to the year of its Thursday. */
export function isoWeek({ year, month, day }: WallTime): { readonly year: number; readonly week: number } {
  const date = Date.UTC(year, month - 1, day);
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = new Date(date + (3 - weekday) * DAY_MS);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return { year: thursday.getUTCFullYear(), week: Math.floor((thursday.getTime() - first) / DAY_MS / 7) + 1 };
}

/**
 * `at` minus the duration, as Go's `AddDate` and then `Add`: years, months and days are taken off the wall clock of the
 * zone, with days that a month lacks running over into the next, hours off the instant.
 */
export function before(at: Nanoseconds, duration: Duration, zone: Zone): Nanoseconds {
  const shown = at + BigInt(zone(at)) * MINUTE;
  const millis = shown / 1_000_000n;
  const rest = shown % 1_000_000n;
  const date = new Date(Number(millis));
  date.setUTCFullYear(
    date.getUTCFullYear() - duration.years,
    date.getUTCMonth() - duration.months,
    date.getUTCDate() - duration.days,
  );
  const wall = BigInt(date.getTime()) * 1_000_000n + rest;
  const guess = wall - BigInt(zone(wall - BigInt(zone(at)) * MINUTE)) * MINUTE;
  const instant = wall - BigInt(zone(guess)) * MINUTE;
  return instant - BigInt(duration.hours) * 60n * MINUTE;
}
