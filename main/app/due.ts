import type { Settings } from '../api/contract/system.ts';
import { elapsed } from './elapsed.ts';
import type { Pending } from './pending-changes.ts';

/** When a copy is due. Pure: everything is passed in, times in milliseconds. */
export interface DueFacts {
  readonly now: number;
  readonly settings: Pick<Settings, 'quietSeconds' | 'maxWaitSeconds' | 'fullScanHours'>;
  readonly pending: Pending | undefined;
  /** When something that could not be read is to be looked at again, though nothing waits. */
  readonly lookAgainAt: number | null;
  readonly minIntervalMinutes: number;
  /** End of the last run for this folder at this destination, in this or an earlier start. */
  readonly lastRunAt: number | null;
  readonly lastFullScanAt: number | null;
  /** How many runs in a row failed there. */
  readonly failures: number;
}

export type Due = 'not-yet' | 'changes' | 'full-scan';

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Quiet after the last change, or the longest wait after the first; never more often than the destination asks for. */
export function judgeDue(facts: DueFacts): Due {
  const { now, settings, pending, lastRunAt, lastFullScanAt } = facts;
  if (lastRunAt !== null && facts.failures > 0 && elapsed(now, lastRunAt) < pauseAfter(facts.failures))
    return 'not-yet';
  const urgent = pending?.cause === 'reconnected' || pending?.cause === 'person';
  // A run that failed has stored nothing: it does not use up the interval.
  const since = facts.failures > 0 || lastRunAt === null ? Number.POSITIVE_INFINITY : elapsed(now, lastRunAt);
  if (!urgent && since < facts.minIntervalMinutes * 60_000) return 'not-yet';
  if (lastFullScanAt !== null && elapsed(now, lastFullScanAt) >= settings.fullScanHours * 3_600_000) return 'full-scan';
  if (!pending) return facts.lookAgainAt !== null && now >= facts.lookAgainAt ? 'changes' : 'not-yet';
  if (pending.cause !== 'change') return pending.directories === 'everything' ? 'full-scan' : 'changes';
  const quiet = elapsed(now, pending.last) >= settings.quietSeconds * 1000;
  const waited = elapsed(now, pending.since) >= settings.maxWaitSeconds * 1000;
  if (!quiet && !waited) return 'not-yet';
  return pending.directories === 'everything' ? 'full-scan' : 'changes';
}

/** The pause after failures in a row: a minute, doubled each time, an hour at most. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

export interface UpkeepFacts {
  readonly now: number;
  readonly settings: Pick<Settings, 'checkEveryDays' | 'drillEveryDays'>;
  readonly addedAt: number;
  readonly lastPruneAt: number | null;
  readonly lastCheckAt: number | null;
  readonly lastDrillAt: number | null;
  /** When each was tried last in this start, with whatever success. */
  readonly triedAt: Readonly<Record<Upkeep, number | null>>;
  /** Whether the destination has other work, which goes first, but not for ever. */
  readonly destination: 'idle' | 'busy';
  /** `held`: a copy is damaged, and what it lost may still be there. */
  readonly prune: 'free' | 'held';
  /** Whether anything is stored there, and whether some of it was never proven. */
  readonly content: 'some' | 'some-unproven' | 'none';
}

export type Upkeep = 'prune' | 'check' | 'drill';

const DAY_MS = 86_400_000;
/** The pause between attempts to prove what could not be proven right after its first backup. */
const PROOF_PAUSE_MS = 3_600_000;
/** The pause after an attempt that did not come to its end: the place went away, or a process of ours ended. */
const RETRY_PAUSE_MS = 6 * 3_600_000;
/** How long upkeep that is due lets other work at its destination go first. */
const PATIENCE_MS = DAY_MS;

/** The upkeep that a ready destination needs now: at most one thing at a time. Old versions are thinned out daily. */
export function judgeUpkeep(facts: UpkeepFacts): Upkeep | null {
  if (facts.content === 'none') return null;
  const { now, triedAt, addedAt } = facts;
  const { checkEveryDays, drillEveryDays } = facts.settings;
  const patience = facts.destination === 'busy' ? PATIENCE_MS : 0;
  const tried = (what: Upkeep): number =>
    triedAt[what] === null ? Number.POSITIVE_INFINITY : elapsed(now, triedAt[what]);
  const isDue = (what: Upkeep, last: number | null, days: number): boolean =>
    elapsed(now, last ?? addedAt) >= days * DAY_MS + patience && tried(what) >= RETRY_PAUSE_MS;
  if (drillEveryDays > 0 && facts.content === 'some-unproven') {
    const since = Math.min(elapsed(now, facts.lastDrillAt ?? addedAt), tried('drill'));
    if (since >= PROOF_PAUSE_MS + patience) return 'drill';
  }
  if (checkEveryDays > 0 && isDue('check', facts.lastCheckAt, checkEveryDays)) return 'check';
  if (facts.prune === 'free' && isDue('prune', facts.lastPruneAt, 1)) return 'prune';
  if (drillEveryDays > 0 && isDue('drill', facts.lastDrillAt, drillEveryDays)) return 'drill';
  return null;
}
