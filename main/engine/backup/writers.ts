import { setImmediate } from 'node:timers/promises';
import { fromWire, hasCode, throwIfCancelled, toWire, type WireError } from '../errors.ts';
import type { Snapshot } from '../format/snapshot.ts';
import { BlobIndex, type LoadedIndex, loadIndex } from '../repository/blob-index.ts';
import type { PendingLock } from '../repository/locks.ts';
import { areAllThere, listPacksAhead, lookForLostIndex, setLostPacksAside } from '../repository/lost-packs.ts';
import { listNewSnapshots, type SnapshotList } from '../repository/snapshots.ts';
import { DestinationWriter } from './destination-writer.ts';
import type { BackupDestination, DestinationResult } from './request.ts';

const NOTHING_STORED: SnapshotList = { snapshots: [], unreadable: [] };

/**
 * Reads what a destination has. One that cannot be read is given as failed. `untouched`: whether nothing was ever stored
 * there. @throws `cancelled`
 */
export async function openWriter(
  destination: BackupDestination,
  { written, held, lost, locked: repository }: PendingLock,
  { untouched, scan }: { readonly untouched: Promise<boolean> | undefined; readonly scan: 'full' | 'changes' },
  signal: AbortSignal | undefined,
): Promise<DestinationWriter> {
  const leave = { held, lost, signal: signal ? AbortSignal.any([signal, lost]) : lost };
  try {
    if (await untouched)
      return new DestinationWriter(repository, nothingIndexed(), Promise.resolve(NOTHING_STORED), leave);
    await written;
    const snapshots = listNewSnapshots(repository, new Set(), signal);
    // From a far place that is one journey less. Most of the time the kept index is good, and this is what is waited for.
    const isWorthIt = scan === 'full' && repository.store.capabilities.remote;
    const packs = isWorthIt ? listPacksAhead(repository, signal) : undefined;
    const [index, listed] = await Promise.allSettled([openIndex(destination, signal), snapshots]);
    if (index.status === 'rejected') throw index.reason;
    // Where the snapshots could not be listed, whoever asks for them fails.
    const known = listed.status === 'fulfilled' ? listed.value.snapshots : [];
    const { loaded, indexLost } = await lookForLostIndex(repository, index.value, known, signal);
    const writer = new DestinationWriter(repository, loaded, snapshots, leave, packs);
    if (indexLost) writer.noteLostIndex();
    const isBare = listed.status === 'fulfilled' && listed.value.ids.size === 0 && loaded.indexIds.length === 0;
    if (isBare) writer.unnamedPacks = ((await packs) ?? (await repository.store.list('data', signal))).length;
    return writer;
  } catch (error) {
    if (hasCode(error, 'cancelled')) throw error;
    const writer = new DestinationWriter(repository, nothingIndexed(), Promise.resolve(NOTHING_STORED), leave);
    writer.fail(error);
    return writer;
  }
}

function openIndex(
  { repository, knownIndex }: BackupDestination,
  signal: AbortSignal | undefined,
): Promise<LoadedIndex> {
  return loadIndex(repository, { ...(knownIndex ? { known: knownIndex } : {}), ...(signal ? { signal } : {}) });
}

function nothingIndexed(): LoadedIndex {
  return { index: new BlobIndex(16), indexIds: [], damaged: [] };
}

/**
 * A pack is gone that the run took for stored while it looked for it. The run has to begin anew, and look first.
 */
export class LostPacks extends Error {}

/** `look` gives whether the run may rely on what it took for stored; it rejects only with `cancelled`. */
export interface Look {
  readonly look: Promise<boolean>;
}

/**
 * Only for full scans: a run over a few changes must not cost what the repository's size does. At a far place the look takes
 * a request for each of 256 folders, so the run goes on beside it: lost packs are rare. Until `look` has resolved no pack is put
 * in place.
 */
export async function lookForLostPacks(
  writer: DestinationWriter,
  when: 'first' | 'beside',
  signal: AbortSignal | undefined,
): Promise<Look> {
  if (writer.failure) return { look: Promise.resolve(true) };
  const fail = (error: unknown): true => {
    if (hasCode(error, 'cancelled')) throw error;
    writer.fail(error);
    return true;
  };
  // Where packs were lost when the index was used last, they most likely are still.
  if (when === 'beside' && writer.packs && !writer.index.hasSetAside) {
    const asked = areAllThere(writer.repository, writer.currentIndex(), signal, writer.packs).catch(fail);
    // Nothing more is asked of one that has failed: nobody waits for its answer, or begins anew for it.
    const look = Promise.race([asked, writer.failed.then(() => true)]);
    look.catch(() => undefined);
    writer.storeOnlyAfter(look);
    return { look };
  }
  try {
    writer.damagedParts += await setLostPacksAside(writer.repository, writer.currentIndex(), signal);
  } catch (error) {
    fail(error);
  }
  return { look: Promise.resolve(true) };
}

/** Index and snapshot, when all packs are stored. Gives what came of the destination. @throws `cancelled` */
export async function finishDestination(
  writer: DestinationWriter,
  snapshot: Snapshot,
  parentId: Snapshot['parent'] | null,
  signal: AbortSignal | undefined,
): Promise<DestinationResult> {
  const { repository, added, damagedParts, indexLost, unnamedPacks } = writer;
  const counted = {
    location: repository.store.location,
    dataBlobsAdded: added.data,
    treeBlobsAdded: added.tree,
    bytesAdded: added.bytes,
    damagedParts,
    ...(indexLost ? { indexLost } : {}),
    ...(unnamedPacks > 0 ? { unnamedPacks } : {}),
  };
  try {
    if (writer.failure) return { ...counted, error: writer.failure };
    await writer.finishIndex();
    throwIfCancelled(signal);
    const saving = writer.finishSnapshot(withParent(snapshot, parentId));
    saving.catch(() => undefined);
    // Once the request has gone.
    await setImmediate();
    writer.takeIn();
    const snapshotId = await saving;
    return { ...counted, snapshotId, index: writer.currentIndex() };
  } catch (error) {
    if (signal?.aborted && hasCode(error, 'cancelled')) throw error;
    // What ends because the lock was lost says "cancelled": the first failure is the one that counts.
    writer.fail(error);
    return { ...counted, error: writer.failure ?? toWire(error) };
  }
}

/** Sends what `finishDestination` will put in place after the last packs, when these are on their way. Never throws. */
export function sendEndAhead(writer: DestinationWriter, snapshot: Snapshot, parentId: Snapshot['parent'] | null): void {
  try {
    writer.sendAhead(withParent(snapshot, parentId));
  } catch {
    // It is met again, and told, when it is the turn of the index.
  }
}

function withParent(snapshot: Snapshot, parentId: Snapshot['parent'] | null): Snapshot {
  return parentId ? { ...snapshot, parent: parentId } : snapshot;
}

/** Rejects when nothing is left to write to: reading on would be for nobody. */
export async function allFailed(writers: readonly DestinationWriter[]): Promise<never> {
  await Promise.all(writers.map(({ failed }) => failed));
  throw fromWire((writers[0] as DestinationWriter).failure as WireError);
}

export function throwWhenAllFailed(writers: readonly DestinationWriter[]): void {
  const failure = writers[0]?.failure;
  if (failure && writers.every((writer) => writer.failure)) throw fromWire(failure);
}
