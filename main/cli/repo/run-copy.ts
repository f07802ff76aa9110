import { copySnapshots, findSnapshot, fitsFilter, listSnapshots, type StoredSnapshot } from '../../engine/engine.ts';
import { type FilterOptions, filterOf } from './run-reading.ts';
import { tellDamaged, tellUnlocked } from './run-work.ts';
import { counted, type ExitCode, type RepoSession, sizeText } from './session.ts';
import { warn } from './terminal.ts';

/** Copies the named snapshots, or all that fit; what is there already is passed over. */
export async function runCopy(
  session: RepoSession,
  location: string,
  wanted: readonly string[],
  options: FilterOptions,
): Promise<ExitCode> {
  const { signal } = session;
  const source = await session.openRepository();
  const target = await session.openTarget(location);
  const filter = filterOf(options);
  const listed = await listSnapshots(source, signal);
  const snapshots: StoredSnapshot[] = [];
  for (const id of wanted) snapshots.push(await findSnapshot(source, id, filter, signal));
  if (wanted.length === 0) snapshots.push(...listed.snapshots.filter(({ snapshot }) => fitsFilter(snapshot, filter)));
  const unreadable = wanted.length === 0 ? listed.unreadable : [];
  const report = await copySnapshots({
    source,
    target,
    snapshots,
    onProgress: session.progress,
    onUnlocked: tellUnlocked,
    signal,
  });
  const failed = [...report.failed, ...unreadable];
  session.json({ type: 'summary', ...report, failed });
  for (const { id, error } of failed) {
    warn(`Snapshot ${id.slice(0, 8)} was not copied: ${error.message}`);
  }
  if (report.chunking === 'different' && report.copied.length > 0) {
    session.say('The two repositories cut files differently: later backups to both share little with what was copied.');
  }
  session.say(`Copied ${counted(report.copied.length, 'snapshot')}, ${report.present.length} were there already`);
  session.say(`Added ${counted(report.blobs, 'blob')}, ${sizeText(report.bytesAdded)}`);
  tellDamaged(report);
  return failed.length > 0 ? 1 : report.damagedParts > 0 ? 3 : 0;
}
