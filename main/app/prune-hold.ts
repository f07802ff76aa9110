import type { DestinationId } from '../api/contract/values.ts';
import type { CopyRecord, FolderRecord } from './records.ts';

export interface PruneHoldFacts {
  readonly folders: readonly Pick<FolderRecord, 'id' | 'destinationIds'>[];
  readonly copies: readonly Pick<CopyRecord, 'folderId' | 'destinationId' | 'lastSnapshotAt'>[];
  /** Destinations that are known to be damaged. */
  readonly damaged: ReadonlySet<DestinationId>;
}

/**
 * The damaged destination for whose sake nothing may be thinned out at this one: itself, or another that keeps a folder
 * of which something is stored here too. What it has lost may be here, also in old versions that the rules would let go,
 * and can be put back until it is removed. Pure; undefined when nothing stands in the way.
 */
export function pruneHold(id: DestinationId, { folders, copies, damaged }: PruneHoldFacts): DestinationId | undefined {
  if (damaged.has(id)) return id;
  const stored = new Set(
    copies
      .filter(({ destinationId, lastSnapshotAt }) => destinationId === id && lastSnapshotAt !== null)
      .map(({ folderId }) => folderId),
  );
  return folders
    .filter((folder) => stored.has(folder.id))
    .flatMap(({ destinationIds }) => destinationIds)
    .find((other) => damaged.has(other));
}
