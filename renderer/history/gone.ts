import type { TimelineMoment, Version } from '../../main/api/contract/history.ts';
import { clockTime, dayName, shortDate, shortTime } from '../parts/format.ts';

/** When something went: it was there at the one moment and no longer at the other. */
export interface Gone {
  readonly lastSeenAt: string;
  /** Null when no later moment is kept. */
  readonly missingAt: string | null;
}

/** When what was last seen at `lastSeenAt` was found missing; `moments` are those of its folder, newest first. */
export function goneSince(lastSeenAt: string, moments: readonly TimelineMoment[]): Gone {
  const seen = Date.parse(lastSeenAt);
  return { lastSeenAt, missingAt: moments.findLast(({ time }) => Date.parse(time) > seen)?.time ?? null };
}

/** `today between 10:00 and 11:00`, `between 3 Nov 2026, 10:00 and 5 Nov 2026, 11:00`, `after 3 Nov 2026, 10:00`. */
export function goneWords({ lastSeenAt, missingAt }: Gone, now: number): string {
  if (missingAt === null) return `after ${shortTime(lastSeenAt)}`;
  const day = dayName(missingAt, now);
  if (day !== dayName(lastSeenAt, now)) return `between ${shortTime(lastSeenAt)} and ${shortTime(missingAt)}`;
  const [from, to] = clocks(lastSeenAt, missingAt);
  return `${dayInSentence(day)} between ${from} and ${to}`;
}

/** The same where there is little room: `today, 10:00–11:00`, `3 Nov – 5 Nov`. */
export function goneShort({ lastSeenAt, missingAt }: Gone, now: number): string {
  if (missingAt === null) return `after ${shortDate(lastSeenAt, now)}`;
  const day = dayName(missingAt, now);
  if (day !== dayName(lastSeenAt, now)) return `${shortDate(lastSeenAt, now)} – ${shortDate(missingAt, now)}`;
  const name = /^(Today|Yesterday)$/.test(day) ? day.toLowerCase() : shortDate(missingAt, now);
  return `${name}, ${clocks(lastSeenAt, missingAt).join('–')}`;
}

/** Times at which a path was not there between this version and the next newer one; null when it was there throughout. */
export function gapBefore(newer: Version, older: Version, moments: readonly TimelineMoment[]): Gone | null {
  const gone = goneSince(older.lastSeenAt, moments);
  const back = Date.parse(newer.firstSeenAt);
  return gone.missingAt !== null && Date.parse(gone.missingAt) < back ? gone : null;
}

function clocks(from: string, to: string): readonly [string, string] {
  const precision = clockTime(from) === clockTime(to) ? 'with-seconds' : 'minutes';
  return [clockTime(from, precision), clockTime(to, precision)];
}

function dayInSentence(day: string): string {
  return /^(Today|Yesterday)$/.test(day) ? day.toLowerCase() : `on ${day}`;
}
