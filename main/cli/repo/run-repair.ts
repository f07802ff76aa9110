import { realpath } from 'node:fs/promises';
import {
  type RepairIndexReport,
  type RepairPacksReport,
  type Repository,
  repairIndex,
  repairPacks,
} from '../../engine/engine.ts';
import { TriplicateError } from '../../engine/errors.ts';
import { tellAffected, tellUnlocked } from './run-work.ts';
import { counted, type ExitCode, type RepoSession, sizeText } from './session.ts';
import { warn } from './terminal.ts';

/** Makes the index anew from the packs. 3 when a pack cannot tell what it holds. */
export async function runRepairIndex(session: RepoSession): Promise<ExitCode> {
  const repository = await session.openRepository();
  const report = await repairIndex({ repository, onProgress: session.progress, signal: session.signal });
  session.json({ type: 'summary', ...report });
  if (report.result === 'whole') session.say('The index names everything that the packs hold. Nothing was changed.');
  tellIndex(session, report);
  if (report.packsGone.length + report.packsUnreadable.length === 0) return 0;
  session.say('Run `repair packs`: it says what is lost, and puts back what another repository still has (--from).');
  return 3;
}

function tellIndex(session: RepoSession, report: RepairIndexReport): void {
  for (const { id, state } of report.packsUnreadable) {
    const kept = state === 'indexed' ? 'what the index said of it was kept' : 'no index says what it held';
    warn(`The header of pack ${id.slice(0, 8)} cannot be read; ${kept}.`);
  }
  if (report.result === 'whole') return;
  session.say(`Removed ${counted(report.unreadableFiles.length, 'index file')} that could not be read`);
  session.say(
    `Named ${counted(report.packsRead, 'pack')} by what ${report.packsRead === 1 ? 'it holds' : 'they hold'}`,
  );
  for (const id of report.packsGone) session.say(`Pack ${id.slice(0, 8)} is gone; the index no longer names it`);
}

export interface RepairPacksOptions {
  readonly from: readonly string[];
}

/** Puts back what damaged and missing packs held. 3 when something is still missing. */
export async function runRepairPacks(session: RepoSession, options: RepairPacksOptions): Promise<ExitCode> {
  const repository = await session.openRepository();
  const others: Repository[] = [];
  const place = await placeOf(repository.store.location);
  for (const location of options.from) {
    const other = await session.openFrom(location);
    if ((await placeOf(other.store.location)) === place) {
      throw new TriplicateError(
        'usage',
        `${location} leads to the repository itself, which cannot be repaired from there.`,
      );
    }
    others.push(other);
  }
  const report = await repairPacks({
    repository,
    others,
    onProgress: session.progress,
    onUnlocked: tellUnlocked,
    signal: session.signal,
  });
  session.json({ type: 'summary', ...report });
  tellIndex(session, report.index);
  session.say(`Read ${counted(report.packsRead, 'pack')}, ${sizeText(report.bytesRead)}`);
  if (report.packsReplaced.length > 0) session.say(`Replaced ${counted(report.packsReplaced.length, 'damaged pack')}`);
  session.say(
    `Put back ${counted(report.salvaged + report.fetched, 'piece')} of content, ${report.fetched} of them from other repositories`,
  );
  tellAffected(session, report.affected);
  tellRest(report, options);
  if (report.result !== 'incomplete') session.say('Nothing that a snapshot needs is missing.');
  return report.result === 'incomplete' ? 3 : 0;
}

/** The folder to which a location on this computer leads; any other as it is. */
function placeOf(location: string): Promise<string> {
  return realpath(location).catch(() => location);
}

/** What the person has to know of what is not as it was. */
function tellRest(report: RepairPacksReport, { from }: RepairPacksOptions): void {
  for (const id of report.packsLeft) {
    warn(`Pack ${id.slice(0, 8)} could not be read, and not all of it is elsewhere: it was left as it is.`);
  }
  for (const { id, error } of report.unreadableSnapshots) {
    warn(`Snapshot ${id.slice(0, 8)} cannot be read and was left as it is: ${error.message}`);
  }
  if (report.unreadableSnapshots.length > 0) {
    warn('`repo copy` brings such a snapshot back from a repository that still has it.');
  }
  if (report.lost === 0) return;
  const where = from.length === 0 ? 'Name repositories that may have it with --from' : 'Another repository may have it';
  warn(`Lost: ${counted(report.lost, 'piece')} of content. ${where}; a new backup stores what the files still hold.`);
}
