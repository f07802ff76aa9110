import { repairIndex } from '../../engine/engine.ts';
import { counted, type ExitCode, type RepoSession } from './session.ts';

/** Makes the index anew from the packs. 3 when a pack cannot tell what it holds. */
export async function runRepairIndex(session: RepoSession): Promise<ExitCode> {
  const repository = await session.openRepository();
  const report = await repairIndex({ repository, onProgress: session.progress, signal: session.signal });
  session.json({ type: 'summary', ...report });
  for (const { id, state } of report.packsUnreadable) {
    const kept = state === 'indexed' ? 'what the index said of it was kept' : 'no index says what it held';
    process.stderr.write(`Pack ${id.slice(0, 8)} is damaged, and ${kept}.\n`);
  }
  if (report.result === 'whole') session.say('The index names everything that the packs hold. Nothing was changed.');
  else {
    session.say(`Removed ${counted(report.unreadableFiles.length, 'index file')} that could not be read`);
    session.say(
      `Named ${counted(report.packsRead, 'pack')} by what ${report.packsRead === 1 ? 'it holds' : 'they hold'}`,
    );
  }
  for (const id of report.packsGone) session.say(`Pack ${id.slice(0, 8)} is gone; the index no longer names it`);
  if (report.packsGone.length + report.packsUnreadable.length === 0) return 0;
  session.say('Run `repair packs`: it says what is lost, and puts back what another repository still has (--from).');
  return 3;
}
