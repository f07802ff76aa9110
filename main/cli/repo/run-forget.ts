import {
  type Duration,
  forget,
  forgetNamed,
  type GroupBy,
  isEmptyPolicy,
  type RetentionPolicy,
} from '../../engine/engine.ts';
import { TriplicateError } from '../../engine/errors.ts';
import { filterOf, snapshotJson } from './run-reading.ts';
import { runPrune } from './run-work.ts';
import { counted, type ExitCode, type RepoSession } from './session.ts';

interface ForgetOptions {
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly host: readonly string[];
  readonly path: readonly string[];
  readonly tag: readonly string[];
  readonly groupBy: string;
  readonly keepTag: readonly string[];
  readonly keepLast?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly keepWithin?: Duration;
  readonly keepWithinHourly?: Duration;
  readonly keepWithinDaily?: Duration;
  readonly keepWithinWeekly?: Duration;
  readonly keepWithinMonthly?: Duration;
  readonly keepWithinYearly?: Duration;
}

/** @param named snapshots to be removed, whatever the rules */
export async function runForget(
  session: RepoSession,
  named: readonly string[],
  options: ForgetOptions,
): Promise<ExitCode> {
  if (named.length > 0) return runForgetNamed(session, named, options);
  const repository = await session.openRepository();
  const groupBy = options.groupBy.split(',').filter((word) => word !== '');
  if (!groupBy.every((word) => ['host', 'paths', 'tags'].includes(word))) {
    throw new TriplicateError('usage', `--group-by takes host, paths and tags, not ${options.groupBy}.`);
  }
  const report = await forget({
    repository,
    policy: policyOf(options),
    groupBy: groupBy as GroupBy[],
    filter: filterOf(options),
    mode: options.dryRun ? 'plan' : 'remove',
    signal: session.signal,
  });
  session.json(
    report.groups.map(({ hostname, paths, tags, keep, remove }) => ({
      tags,
      host: hostname,
      paths,
      keep: keep.map(({ stored }) => snapshotJson(stored)),
      remove: remove.map(snapshotJson),
      reasons: keep.map(({ stored, reasons }) => ({ snapshot: snapshotJson(stored), matches: reasons })),
    })),
  );
  for (const { keep, remove } of report.groups) {
    for (const { stored, reasons } of keep)
      session.say(`keep   ${stored.id.slice(0, 8)}  ${stored.snapshot.time.text}  ${reasons.join(', ')}`);
    for (const { id, snapshot } of remove) session.say(`remove ${id.slice(0, 8)}  ${snapshot.time.text}`);
  }
  session.say(options.dryRun ? 'Nothing was removed (dry run).' : `${counted(report.removed, 'snapshot')} removed`);
  if (!options.prune || options.dryRun) return 0;
  // What was listed a moment ago and was not removed is still there.
  const knownSnapshots = report.groups.flatMap(({ keep }) => keep.map(({ stored }) => stored.id));
  const forgottenSnapshots = report.groups.flatMap(({ remove }) => remove.map(({ id }) => id));
  return runPrune(session, { knownSnapshots, forgottenSnapshots });
}

async function runForgetNamed(
  session: RepoSession,
  wanted: readonly string[],
  options: ForgetOptions,
): Promise<ExitCode> {
  const hasFilter = options.host.length > 0 || options.path.length > 0 || options.tag.length > 0;
  if (!isEmptyPolicy(policyOf(options)) || hasFilter) {
    throw new TriplicateError('usage', 'Name the snapshots to remove, or say which to keep, not both.');
  }
  const repository = await session.openRepository();
  const mode = options.dryRun ? 'plan' : 'remove';
  const { removed, kept } = await forgetNamed({ repository, wanted, mode, signal: session.signal });
  session.json({ type: 'summary', mode, snapshots: removed });
  for (const id of removed) session.say(`remove ${id.slice(0, 8)}`);
  session.say(options.dryRun ? 'Nothing was removed (dry run).' : `${counted(removed.length, 'snapshot')} removed`);
  if (!options.prune || options.dryRun) return 0;
  return runPrune(session, { knownSnapshots: kept, forgottenSnapshots: removed });
}

function policyOf(options: ForgetOptions): RetentionPolicy {
  const policy = {
    last: options.keepLast,
    hourly: options.keepHourly,
    daily: options.keepDaily,
    weekly: options.keepWeekly,
    monthly: options.keepMonthly,
    yearly: options.keepYearly,
    within: options.keepWithin,
    withinHourly: options.keepWithinHourly,
    withinDaily: options.keepWithinDaily,
    withinWeekly: options.keepWithinWeekly,
    withinMonthly: options.keepWithinMonthly,
    withinYearly: options.keepWithinYearly,
    tags: options.keepTag.map((list) => list.split(',').map((tag) => tag.trim())),
  };
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}
