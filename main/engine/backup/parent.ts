import type { Nanoseconds } from '../clock.ts';
import { hasCode } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { SnapshotId, TreeId } from '../ids.ts';
import { readTree } from '../repository/blob-reader.ts';
import { fitsFilter, listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import type { DestinationWriter } from './destination-writer.ts';

/** What earlier snapshots give a run: metadata to compare with, and content that need not be read again. */
export interface Parent {
  /** The newest fitting snapshot in each destination, in their order. */
  readonly snapshotIds: readonly (SnapshotId | null)[];
  /** The tree that the run compares with; null when there is none. */
  readonly tree: TreeId | null;
  /** True when every destination has a snapshot of just this tree: only then may whole subtrees be taken over by id. */
  readonly everywhere: boolean;
  /** The entries of a directory of that tree; null when it cannot be read: then everything in it is looked at anew. */
  entries(tree: TreeId): Promise<readonly TreeNode[] | null>;
}

/** As restic (format, section 9): newest snapshot up to now of the same host that contains every path of this run. */
export async function findParent(
  writers: readonly DestinationWriter[],
  wanted: { readonly paths: readonly string[]; readonly hostname: string; readonly now: Nanoseconds },
  signal: AbortSignal | undefined,
): Promise<Parent> {
  const found = await Promise.all(writers.map((writer) => newest(writer, wanted, signal)));
  const candidates = writers
    .map((writer, position) => ({ writer, stored: found[position] }))
    .filter((one): one is { writer: DestinationWriter; stored: StoredSnapshot } => one.stored !== undefined)
    .sort((a, b) => compareForReading(a.stored, a.writer, b.stored, b.writer));
  const source = candidates[0];
  const tree = source?.stored.snapshot.tree ?? null;
  const alive = writers.filter(({ failure }) => !failure).length;
  return {
    snapshotIds: found.map((stored) => stored?.id ?? null),
    tree,
    everywhere: tree !== null && candidates.filter(({ stored }) => stored.snapshot.tree === tree).length >= alive,
    entries: async (id) => {
      if (!source) return null;
      try {
        return await readTree(source.writer.repository, source.writer.index, id, signal);
      } catch (error) {
        if (hasCode(error, 'repo/blob-missing', 'repo/damaged', 'store/corrupt', 'store/not-found')) return null;
        throw error;
      }
    },
  };
}

async function newest(
  writer: DestinationWriter,
  wanted: { readonly paths: readonly string[]; readonly hostname: string; readonly now: Nanoseconds },
  signal: AbortSignal | undefined,
): Promise<StoredSnapshot | undefined> {
  if (writer.failure) return undefined;
  try {
    const { snapshots } = await listSnapshots(writer.repository, signal);
    return snapshots.filter(({ snapshot }) => fitsFilter(snapshot, wanted) && snapshot.time.ns <= wanted.now).at(-1);
  } catch (error) {
    writer.fail(error);
    return undefined;
  }
}

/** The newest first; of equal age the one that is not behind a network. */
function compareForReading(
  a: StoredSnapshot,
  aOf: DestinationWriter,
  b: StoredSnapshot,
  bOf: DestinationWriter,
): number {
  const age = b.snapshot.time.ns - a.snapshot.time.ns;
  if (age !== 0n) return age > 0n ? 1 : -1;
  const remote = (writer: DestinationWriter): number => (writer.repository.store.capabilities.remote ? 1 : 0);
  return remote(aOf) - remote(bOf);
}
