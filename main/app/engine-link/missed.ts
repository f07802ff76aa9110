import type { MomentInfo } from '../../catalog/catalog.ts';
import { decideRetention, type EngineHost, type StoredSnapshot } from '../../engine/engine.ts';
import type { SnapshotId, TreeId } from '../../engine/ids.ts';
import type { Absence, MissedMoment, RetentionRules } from './calls.ts';
import { policyOf } from './policy.ts';

export interface MissedFacts {
  readonly folderId: string;
  /** All moments of the folder that are known, at any destination. */
  readonly moments: readonly MomentInfo[];
  readonly destinationId: string;
  readonly absences: readonly Absence[];
  readonly retention: RetentionRules;
  /** It is written to at most this often; 0 follows every change. */
  readonly minIntervalMinutes: number;
  readonly host: Pick<EngineHost, 'clock' | 'utcOffsetMinutes'>;
}

/**
 * What a destination lacks from while it was away, and would keep by its own rules if it had it: what it would thin out at
 * once need not travel, and neither need what it would not have got so soon after another. Pure. Oldest first.
 */
export function missedMoments(facts: MissedFacts): readonly MissedMoment[] {
  const { folderId, moments, destinationId, absences, retention, minIntervalMinutes, host } = facts;
  const { keep } = decideRetention(
    moments.map((moment) => asSnapshot(moment, host)),
    policyOf(retention),
    { now: host.clock.now(), localZone: host.utcOffsetMinutes },
  );
  const kept = new Set<string>(keep.map(({ stored }) => stored.id));
  const oldestFirst = moments.toSorted((a, b) => (a.time < b.time ? -1 : 1));
  let last = Number.NEGATIVE_INFINITY;
  return oldestFirst.flatMap(({ id, time, copies }) => {
    const at = Date.parse(time);
    if (copies.length === 0) return [];
    if (copies.some((copy) => copy.destinationId === destinationId)) {
      last = at;
      return [];
    }
    const isMissed = kept.has(id) && absences.some(({ from, to }) => from <= time && time <= to);
    if (!isMissed || at - last < minIntervalMinutes * 60_000) return [];
    last = at;
    return [{ folderId, time, copies }];
  });
}

/** As far as the rules look at it. The text ends as one that was written here would, so that days begin at midnight here. */
function asSnapshot({ id, time }: MomentInfo, { utcOffsetMinutes }: MissedFacts['host']): StoredSnapshot {
  const ns = BigInt(Date.parse(time)) * 1_000_000n;
  const minutes = utcOffsetMinutes(ns);
  const two = (value: number): string => String(value).padStart(2, '0');
  const ahead = Math.abs(minutes);
  const text = `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
  return { id: id as SnapshotId, snapshot: { time: { ns, text }, tree: '' as TreeId, paths: [] } };
}
