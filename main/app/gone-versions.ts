import type { FolderId } from '../api/contract/values.ts';
import { TriplicateError } from '../engine/errors.ts';
import { addressOf, type Core, copyOf, updateCopy, updatePlace } from './core.ts';
import { plainError } from './engine-link/serve-engine.ts';
import type { DestinationRecord } from './records.ts';

/**
 * Asks a destination for the newest version of each folder that counts there as stored: another program may have removed it.
 * What is gone is no copy any more, and neither is its proof. @returns the folders that have lost theirs
 * @throws `store/…` when the place gives no clear answer, `repo/other-repository`
 */
export async function noteGoneVersions(core: Core, destination: DestinationRecord): Promise<readonly FolderId[]> {
  const { id: destinationId, name } = destination;
  const newest = core.ledger.value.copies.flatMap((copy) =>
    copy.destinationId === destinationId && copy.lastSnapshotId ? [copy.lastSnapshotId] : [],
  );
  if (newest.length === 0) return [];
  const repository = addressOf(core, destination);
  const gone = new Set(await core.engine.call('goneSnapshots', { repository, snapshotIds: newest }));
  if (gone.size === 0) return [];
  const problem = plainError(
    new TriplicateError(
      'snapshot/not-found',
      `The newest version at ${name} is gone: another program has removed it.`,
      {
        hint: 'Everything is stored there again with the next run. Nothing at other destinations is affected.',
      },
    ),
  );
  const folders: FolderId[] = [];
  for (const copy of core.ledger.value.copies.filter((one) => one.destinationId === destinationId)) {
    // A run may have stored another one meanwhile.
    const now = copyOf(core.ledger.value, copy.folderId, destinationId);
    if (!now?.lastSnapshotId || !gone.has(now.lastSnapshotId)) continue;
    folders.push(copy.folderId);
    const nothing = { lastSnapshotAt: null, lastSnapshotId: null, lastVerifiedAt: null, lastFullScanAt: null };
    await updateCopy(core, copy, { ...nothing, problem });
  }
  await updatePlace(core, destinationId, ({ written }) => ({ written: written.filter((id) => !gone.has(id)) }));
  if (folders.length > 0)
    core.events.emit('notice', { level: 'warning', title: `${name} has lost a version`, text: problem.message });
  core.changed('folders');
  return folders;
}
