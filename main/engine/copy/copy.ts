import { hasCode, TriplicateError, toWire, type WireError } from '../errors.ts';
import { encodeSnapshot, type Snapshot } from '../format/snapshot.ts';
import type { SnapshotId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import { type BlobIndex, loadIndex } from '../repository/blob-index.ts';
import { withLock } from '../repository/locks.ts';
import { lookForLostIndex, setLostPacksAside } from '../repository/lost-packs.ts';
import type { Repository } from '../repository/repository.ts';
import { listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import { writeUnpacked } from '../repository/unpacked-files.ts';
import { BlobCopier } from './blob-copier.ts';

export interface CopyRequest {
  readonly source: Repository;
  readonly target: Repository;
  /** Which snapshots of the source, oldest first. */
  readonly snapshots: readonly StoredSnapshot[];
  readonly onProgress?: (progress: EngineProgress) => void;
  /** The source cannot be written to and is read without a lock; refused when absent. */
  readonly onUnlocked?: () => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CopyReport {
  readonly copied: readonly { readonly from: SnapshotId; readonly to: SnapshotId }[];
  /** Snapshots that the target had already. Where it has lost packs, what they need was stored again. */
  readonly present: readonly SnapshotId[];
  /** Snapshots of which something cannot be read any more; the others were copied. */
  readonly failed: readonly { readonly id: SnapshotId; readonly error: WireError }[];
  /** Packs that the target had lost: older snapshots of its own may be damaged. */
  readonly damagedParts: number;
  /** The target's index was gone; it is one of the damaged parts. `repair index` makes it anew. */
  readonly indexLost: boolean;
  readonly blobs: number;
  /** Bytes of the packs that were added. */
  readonly bytesAdded: number;
  /** Whether both cut files the same way; otherwise later backups share little with what was copied. */
  readonly chunking: 'same' | 'different';
}

/** Snapshots are written when so much is stored for them: few small packs, and little to do again after a crash. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/**
 * Copies snapshots with everything they need and the target lacks, each blob verified on the way. Packs, then their index,
 * then the snapshots: an interruption leaves a sound target, and the next copy goes on from there. As restic, a copy
 * has no parent and names its first id in `original`. @throws `repo/locked`, `repo/damaged`, `store/…`, `cancelled`
 */
export function copySnapshots(request: CopyRequest): Promise<CopyReport> {
  const { source, target, signal, onUnlocked } = request;
  const given = signal ? { signal } : {};
  return withLock(
    source,
    'shared',
    (reading) =>
      withLock(target, 'shared', (writing, locked) => copyLocked({ ...request, target: locked }, writing), {
        signal: reading,
        atEnd: 'must-be-there',
      }),
    { ...given, ...(onUnlocked ? { onUnwritable: onUnlocked } : {}) },
  );
}

async function copyLocked(request: CopyRequest, signal: AbortSignal): Promise<CopyReport> {
  const { source, target, snapshots } = request;
  const [from, read] = await Promise.all([loadIndex(source, { signal }), loadIndex(target, { signal })]);
  if (snapshots.length === 0) await refuseBare(source, from.index, signal);
  const stored = (await listSnapshots(target, signal)).snapshots;
  const { loaded: to, indexLost } = await lookForLostIndex(target, read, stored, signal);
  // What the target has lost must not count as there.
  const damagedParts = (indexLost ? 1 : 0) + (await setLostPacksAside(target, to, signal));
  const known = new Set(stored.map(identity));
  const copier = new BlobCopier(
    { repository: source, index: from.index },
    { repository: target, index: to.index },
    signal,
  );
  const copied: { from: SnapshotId; to: SnapshotId }[] = [];
  const present: SnapshotId[] = [];
  const failed: { id: SnapshotId; error: WireError }[] = [];
  let waiting: StoredSnapshot[] = [];
  const flush = async (): Promise<void> => {
    await copier.finishIndex();
    for (const { id, snapshot } of waiting) {
      const stored = await writeUnpacked(target, 'snapshots', encodeSnapshot(asCopy(id, snapshot)), signal);
      copied.push({ from: id, to: stored as SnapshotId });
    }
    waiting = [];
  };
  const tell = (filesDone: number): void =>
    request.onProgress?.({
      phase: 'storing',
      filesDone,
      filesTotal: snapshots.length,
      bytesDone: copier.bytesAdded,
      bytesTotal: null,
      currentPath: null,
    });
  for (const [position, stored] of snapshots.entries()) {
    tell(position);
    const isPresent = known.has(identity(stored));
    if (isPresent && damagedParts === 0) {
      present.push(stored.id);
      continue;
    }
    try {
      await copier.copyTree(stored.snapshot.tree, () => tell(position));
      if (isPresent) present.push(stored.id);
      else waiting.push(stored);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'repo/blob-missing')) throw error;
      failed.push({ id: stored.id, error: toWire(error) });
    }
    if (copier.bytesSinceIndex > FLUSH_BYTES) await flush();
  }
  await flush();
  const chunking = source.config.chunkerPolynomial === target.config.chunkerPolynomial ? 'same' : 'different';
  return {
    copied,
    present,
    failed,
    damagedParts,
    indexLost,
    blobs: copier.blobs,
    bytesAdded: copier.bytesAdded,
    chunking,
  };
}

/** A list of snapshots that came back empty looks as if there were nothing to copy. */
async function refuseBare(source: Repository, index: BlobIndex, signal: AbortSignal): Promise<void> {
  if (index.packCount === 0 || (await source.store.list('snapshots', signal)).length > 0) return;
  throw new TriplicateError(
    'repo/damaged',
    `Nothing was copied: there is data at ${source.store.location}, but no snapshot is to be seen.`,
    { hint: 'Look whether that repository is complete. If all its snapshots were removed, there is nothing to copy.' },
  );
}

/** The same for a snapshot and its copies; one that was tagged anew since then is another. */
function identity({ id, snapshot }: StoredSnapshot): string {
  const { original = id, time, tree, hostname, paths, tags } = snapshot;
  return JSON.stringify([original, `${time.ns}`, tree, hostname, paths, tags ?? []]);
}

function asCopy(id: SnapshotId, snapshot: Snapshot): Snapshot {
  return { ...snapshot, parent: undefined, original: snapshot.original ?? id };
}
