import type { CopyState, Fix, Rule } from '../api/contract/folders.ts';
import type { DestinationId, StorageKind } from '../api/contract/values.ts';
import { ageOf } from './elapsed.ts';

/** The 3-2-1 rule and the state of each copy. Pure: everything it judges by is passed in. */

/** What is known of one folder at one destination. */
export interface CopyFacts {
  readonly destination: 'ready' | 'away' | 'damaged' | 'blocked' | 'unknown';
  /** The sentence of what stands in the way, when something does. */
  readonly problem: string | null;
  /** Milliseconds since 1970. */
  readonly lastSnapshotAt: number | null;
  /** When a restore from it was last tried and compared. */
  readonly lastVerifiedAt: number | null;
  /** When the oldest change that is not stored there was seen; null when none waits. */
  readonly changesSince: number | null;
  /** Since when the folder itself has not been there; null while it is. */
  readonly missingSince: number | null;
  readonly now: number;
  readonly maxAgeMs: number;
  /** How long changes may wait in ordinary operation before the copy counts as behind. */
  readonly graceMs: number;
  /** What the newest versions hold of the folder: whether some could not be read, or every file is excluded. */
  readonly content: 'all' | 'what-can-be-read' | 'no-file';
  /** How old a proof may be, in milliseconds: see `proofLimit`. */
  readonly proofLimitMs: number;
}

/** What a copy lacks to count. */
export type CopyNeed = 'nothing' | 'backup' | 'proof' | 'connection' | 'check';

export interface CopyJudgement {
  readonly state: CopyState;
  /** One sentence for a person. */
  readonly reason: string;
  readonly need: CopyNeed;
}

/** A copy counts only while it is proven: everything stored, and a restore from it tried not too long ago. */
export function judgeCopy(facts: CopyFacts): CopyJudgement {
  const { destination, problem, lastSnapshotAt, lastVerifiedAt, now } = facts;
  if (destination === 'damaged') {
    return { state: 'damaged', reason: problem ?? 'A check found damage.', need: 'check' };
  }
  if (destination === 'away' || destination === 'blocked') {
    const since =
      lastSnapshotAt === null
        ? 'nothing is stored there yet'
        : `its newest version is ${age(now - lastSnapshotAt)} old`;
    return { state: 'away', reason: problem ?? `It cannot be reached now; ${since}.`, need: 'connection' };
  }
  if (lastSnapshotAt === null) {
    return { state: 'new', reason: problem ?? 'Nothing is stored there yet.', need: 'backup' };
  }
  const behind = (reason: string, need: CopyNeed = 'backup'): CopyJudgement => ({ state: 'behind', reason, need });
  if (problem !== null) return behind(problem);
  if (facts.content === 'no-file') return behind('The exclusions leave out every file of the folder.');
  // What cannot be read does not wait any longer; but what waited too long before was not stored in time.
  const waitedUntil = facts.missingSince ?? now;
  if (facts.changesSince !== null && waitedUntil - facts.changesSince > facts.graceMs) {
    return behind(`Changes have been waiting for ${age(now - facts.changesSince)}.`);
  }
  const versionAge = ageOf(now, lastSnapshotAt);
  if (versionAge === Number.POSITIVE_INFINITY)
    return behind('Its newest version has a date that is still to come: the clock was wrong then, or is wrong now.');
  if (versionAge > facts.maxAgeMs) return behind(`Its newest version is ${age(versionAge)} old.`);
  if (lastVerifiedAt === null) return behind('Stored, but no restore from it has been tried yet.', 'proof');
  const proofAge = ageOf(now, lastVerifiedAt);
  if (proofAge > facts.proofLimitMs) {
    const since = proofAge === Number.POSITIVE_INFINITY ? 'since the clock was wrong' : `for ${age(proofAge)}`;
    return behind(`Stored, but not proven ${since}.`, 'proof');
  }
  return {
    state: 'good',
    reason: `${whatIsStored(facts, versionAge)}, and a restore from it was tried.`,
    need: 'nothing',
  };
}

function whatIsStored({ content, missingSince }: CopyFacts, versionAge: number): string {
  if (missingSince !== null) return `Its newest version is ${age(versionAge)} old`;
  return content === 'all' ? 'Everything is stored there' : 'Everything that can be read is stored there';
}

const DAY_MS = 86_400_000;
/** A drill that is due may wait for its destination this long before the copy stops counting. */
const PROOF_GRACE_DAYS = 7;
/** How long a proof counts where drills are turned off. */
const PROOF_DAYS_WITHOUT_DRILLS = 90;

/** How old the proof of a copy may be, in milliseconds. */
export function proofLimit({ drillEveryDays }: { readonly drillEveryDays: number }): number {
  return ((drillEveryDays || PROOF_DAYS_WITHOUT_DRILLS) + PROOF_GRACE_DAYS) * DAY_MS;
}

export interface JudgedCopy {
  readonly destinationId: DestinationId;
  readonly name: string;
  readonly kind: StorageKind;
  readonly offsite: boolean;
  readonly state: CopyState;
  readonly need: CopyNeed;
}

/** A destination that exists but does not hold this folder. */
export type FreeDestination = Omit<JudgedCopy, 'state' | 'need'>;

export interface RuleFacts {
  /** The kind of storage that the folder itself lies on; `missing` when it is not there now. */
  readonly original: StorageKind | 'missing';
  readonly copies: readonly JudgedCopy[];
  readonly free: readonly FreeDestination[];
}

/** At least three copies (the original counts), on two kinds of storage, one of them off-site; what is missing, and what mends it. */
export function judgeRule({ original, copies, free }: RuleFacts): Rule {
  const good = copies.filter(({ state }) => state === 'good');
  const own = original === 'missing' ? [] : [original];
  const kinds = new Set([...own, ...good.map(({ kind }) => kind)]);
  const have = {
    copies: own.length + good.length,
    kinds: kinds.size,
    offsite: good.filter(({ offsite }) => offsite).length,
  };
  const missing: Rule['missing'] = [];
  const everywhere: RuleFacts = { original, copies, free };
  if (have.copies < 3) missing.push({ part: 'copies', ...copiesFix(everywhere, 3 - have.copies) });
  if (have.kinds < 2) missing.push({ part: 'kinds', ...kindsFix(everywhere) });
  if (have.offsite < 1) missing.push({ part: 'offsite', ...offsiteFix(everywhere) });
  return {
    satisfied: missing.length === 0,
    copies: { have: have.copies, need: 3 },
    kinds: { have: have.kinds, need: 2 },
    offsite: { have: have.offsite, need: 1 },
    missing,
  };
}

type Advice = { readonly text: string; readonly fix: Fix };

function copiesFix(facts: RuleFacts, short: number): Advice {
  const lead = short === 1 ? 'One more copy is needed.' : `${short} more copies are needed.`;
  const mended = mendOne(facts.copies, lead);
  if (mended) return mended;
  const [free] = facts.free;
  if (free) return attach(free, lead);
  const hasOffsite = facts.copies.some(({ offsite }) => offsite);
  return hasOffsite
    ? {
        text: `${lead} An external disk makes one.`,
        fix: { action: 'add-destination', kind: 'external', offsite: false },
      }
    : {
        text: `${lead} A cloud or another place makes one.`,
        fix: { action: 'add-destination', kind: 'cloud', offsite: true },
      };
}

function kindsFix({ original, copies, free }: RuleFacts): Advice {
  const lead = 'All copies lie on one kind of storage.';
  const mended = mendOne(
    copies.filter(({ kind }) => kind !== original),
    lead,
  );
  if (mended) return mended;
  const other = free.find(({ kind }) => kind !== original);
  if (other) return attach(other, lead);
  return {
    text: `${lead} An external disk or a cloud would be another.`,
    fix: { action: 'add-destination', kind: 'external', offsite: false },
  };
}

function offsiteFix({ copies, free }: RuleFacts): Advice {
  const lead = 'No copy is in another place, safe from fire and theft.';
  const mended = mendOne(
    copies.filter(({ offsite }) => offsite),
    lead,
  );
  if (mended) return mended;
  const other = free.find(({ offsite }) => offsite);
  if (other) return attach(other, lead);
  return { text: `${lead} A cloud would be one.`, fix: { action: 'add-destination', kind: 'cloud', offsite: true } };
}

/** The copy that needs least to count again. */
function mendOne(copies: readonly JudgedCopy[], lead: string): Advice | undefined {
  const order: readonly CopyNeed[] = ['proof', 'backup', 'connection', 'check'];
  const candidate = copies
    .filter(({ state }) => state !== 'good')
    .sort((a, b) => order.indexOf(a.need) - order.indexOf(b.need))[0];
  if (!candidate) return undefined;
  const { name, destinationId } = candidate;
  switch (candidate.need) {
    case 'proof':
      return { text: `${lead} ${name} waits for its proof.`, fix: { action: 'prove', destinationId } };
    case 'connection':
      return { text: `${lead} ${name} cannot be reached.`, fix: { action: 'reconnect', destinationId } };
    case 'check':
      return { text: `${lead} ${name} is damaged.`, fix: { action: 'check', destinationId } };
    default: {
      const why = candidate.state === 'new' ? 'has no backup yet' : 'is behind';
      return { text: `${lead} ${name} ${why}.`, fix: { action: 'back-up-now', destinationId } };
    }
  }
}

function attach({ name, destinationId }: FreeDestination, lead: string): Advice {
  return { text: `${lead} ${name} could hold this folder too.`, fix: { action: 'attach-destination', destinationId } };
}

/** A span of time in words: `3 hours`, `2 days`. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 90) return plural(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 48 ? plural(hours, 'hour') : plural(Math.round(hours / 24), 'day');
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
