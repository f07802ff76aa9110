import type { Nanoseconds } from '../clock.ts';
import { hasTags, type StoredSnapshot } from '../repository/snapshots.ts';
import { type Duration, formatDuration, isZeroDuration } from './durations.ts';
import { before, isoWeek, type WallTime, wallTime, type Zone } from './wall-time.ts';

/** How often a snapshot is kept; -1 means every one of its kind. */
export interface RetentionPolicy {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Kept when younger than this, counted back from the newest snapshot of the group. */
  readonly within?: Duration;
  readonly withinHourly?: Duration;
  readonly withinDaily?: Duration;
  readonly withinWeekly?: Duration;
  readonly withinMonthly?: Duration;
  readonly withinYearly?: Duration;
  /** Each list keeps the snapshots that carry all of its tags. */
  readonly tags?: readonly (readonly string[])[];
}

export type GroupBy = 'host' | 'paths' | 'tags';

/** Snapshots that are thinned out together. */
export interface SnapshotGroup {
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  readonly snapshots: readonly StoredSnapshot[];
}

export interface KeptSnapshot {
  readonly stored: StoredSnapshot;
  /** Why it is kept, in restic's words: `last snapshot`, `daily snapshot`, … */
  readonly reasons: readonly string[];
}

export interface RetentionDecision {
  /** Newest first. */
  readonly keep: readonly KeptSnapshot[];
  readonly remove: readonly StoredSnapshot[];
}

/** True when the policy names nothing to keep. */
export function isEmptyPolicy(policy: RetentionPolicy): boolean {
  const counts = COUNTED.some(({ count }) => (policy[count] ?? 0) !== 0);
  const spans = SPANS.some(({ span }) => !isZeroDuration(policy[span] ?? NO_TIME));
  return !counts && !spans && (policy.tags ?? []).length === 0;
}

/** Sorts the snapshots into groups by the chosen properties; paths and tags count as sets. */
export function groupSnapshots(
  snapshots: readonly StoredSnapshot[],
  by: readonly GroupBy[] = ['host', 'paths'],
): readonly SnapshotGroup[] {
  const groups = new Map<string, { group: Omit<SnapshotGroup, 'snapshots'>; snapshots: StoredSnapshot[] }>();
  for (const stored of snapshots) {
    const group = {
      hostname: by.includes('host') ? (stored.snapshot.hostname ?? '') : '',
      paths: by.includes('paths') ? [...stored.snapshot.paths].sort() : [],
      tags: by.includes('tags') ? [...(stored.snapshot.tags ?? [])].sort() : [],
    };
    const key = JSON.stringify(group);
    const known = groups.get(key);
    if (known) known.snapshots.push(stored);
    else groups.set(key, { group, snapshots: [stored] });
  }
  return [...groups.values()].map(({ group, snapshots: members }) => ({ ...group, snapshots: members }));
}

export interface RetentionOptions {
  /** "Within" counts back from the newest snapshot that is not in the future of this moment. */
  readonly now: Nanoseconds;
  /** The computer's zone; a snapshot written in it is read by it, any other by the offset in its own text. */
  readonly localZone: Zone;
}

/**
 * restic's `forget` rule for one group: each word keeps the newest snapshot of each of the latest N periods that have
 * one; `-1` keeps one of every period. (restic keeps the oldest snapshot besides from 0.16 on; 0.14 does not.)
 * An empty policy keeps everything.
 */
export function decideRetention(
  snapshots: readonly StoredSnapshot[],
  policy: RetentionPolicy,
  { now, localZone }: RetentionOptions,
): RetentionDecision {
  const sorted = [...snapshots].sort(newestFirst);
  if (isEmptyPolicy(policy))
    return { keep: sorted.map((stored) => ({ stored, reasons: ['policy is empty'] })), remove: [] };
  const newest = sorted.find(({ snapshot }) => snapshot.time.ns < now);
  const counters = COUNTED.map((rule) => ({ ...rule, left: policy[rule.count] ?? 0, last: -1 }));
  const spans = SPANS.map((rule) => ({ ...rule, start: startOf(policy[rule.span], newest, localZone), last: -1 }));
  const keep: KeptSnapshot[] = [];
  const remove: StoredSnapshot[] = [];
  for (const [number, stored] of sorted.entries()) {
    const at = stored.snapshot.time.ns;
    const wall = wallTime(at, zoneOf(stored, localZone));
    const reasons = tagReasons(stored, policy.tags ?? []);
    for (const rule of counters) {
      const period = rule.period(wall, number);
      if (rule.left === 0 || period === rule.last) continue;
      reasons.push(`${rule.name} snapshot`);
      rule.last = period;
      if (rule.left > 0) rule.left--;
    }
    for (const rule of spans) {
      const period = rule.period(wall, number);
      if (rule.start === undefined || at <= rule.start || period === rule.last) continue;
      reasons.push(`${rule.name} ${formatDuration(policy[rule.span] ?? NO_TIME)}`);
      rule.last = period;
    }
    if (reasons.length > 0) keep.push({ stored, reasons });
    else remove.push(stored);
  }
  return { keep, remove };
}

/** As Go reads a time: the local zone when its offset at that instant is the one in the text, else a fixed offset. */
function zoneOf({ snapshot: { time } }: StoredSnapshot, localZone: Zone): Zone {
  const match = /([+-])(\d\d):(\d\d)$/.exec(time.text ?? '');
  const minutes = match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : 0;
  return time.text?.endsWith('Z') || localZone(time.ns) !== minutes ? () => minutes : localZone;
}

/** Nothing was newest: restic then counts from the year 1, and so keeps everything. */
const YEAR_ONE = -62_135_596_800_000_000_000n;

function startOf(span: Duration | undefined, newest: StoredSnapshot | undefined, zone: Zone): Nanoseconds | undefined {
  if (!span || isZeroDuration(span)) return undefined;
  return newest ? before(newest.snapshot.time.ns, span, zoneOf(newest, zone)) : YEAR_ONE;
}

const NO_TIME: Duration = { years: 0, months: 0, days: 0, hours: 0 };

type Period = (wall: WallTime, number: number) => number;

const eachOne: Period = (_, number) => number;
const hourOf: Period = ({ year, month, day, hour }) => year * 1_000_000 + month * 10_000 + day * 100 + hour;
const dayOf: Period = ({ year, month, day }) => year * 10_000 + month * 100 + day;
const weekOf: Period = (wall) => isoWeek(wall).year * 100 + isoWeek(wall).week;
const monthOf: Period = ({ year, month }) => year * 100 + month;
const yearOf: Period = ({ year }) => year;

const COUNTED = [
  { count: 'last', name: 'last', period: eachOne },
  { count: 'hourly', name: 'hourly', period: hourOf },
  { count: 'daily', name: 'daily', period: dayOf },
  { count: 'weekly', name: 'weekly', period: weekOf },
  { count: 'monthly', name: 'monthly', period: monthOf },
  { count: 'yearly', name: 'yearly', period: yearOf },
] as const;

const SPANS = [
  { span: 'within', name: 'within', period: eachOne },
  { span: 'withinHourly', name: 'hourly within', period: hourOf },
  { span: 'withinDaily', name: 'daily within', period: dayOf },
  { span: 'withinWeekly', name: 'weekly within', period: weekOf },
  { span: 'withinMonthly', name: 'monthly within', period: monthOf },
  { span: 'withinYearly', name: 'yearly within', period: yearOf },
] as const;

function tagReasons(stored: StoredSnapshot, lists: readonly (readonly string[])[]): string[] {
  return lists.filter((list) => hasTags(stored.snapshot, list)).map((list) => `has tags ${list.join(', ')}`);
}

function newestFirst(a: StoredSnapshot, b: StoredSnapshot): number {
  const difference = b.snapshot.time.ns - a.snapshot.time.ns;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
