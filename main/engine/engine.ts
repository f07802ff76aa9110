/** The door of the engine: the only file of it, beside errors, ids, clock and the store interface, that others import. */
export { backup } from './backup/backup.ts';
export {
  type BackupDestination,
  type BackupReport,
  type BackupRequest,
  type DestinationResult,
  type LeftOut,
  PARTIAL_REASONS,
} from './backup/request.ts';
export type { Snapshot } from './format/snapshot.ts';
export type { TreeNode } from './format/tree.ts';
export type { EngineProgress } from './progress.ts';
export { BlobIndex, type BlobLocation, type LoadedIndex, loadIndex } from './repository/blob-index.ts';
export { readBlob, readTree } from './repository/blob-reader.ts';
export { type LockMode, listLocks, type StoredLock, unlock, withLock } from './repository/locks.ts';
export {
  type CreateOptions,
  createRepository,
  type EngineHost,
  openRepository,
  type Repository,
} from './repository/repository.ts';
export {
  findSnapshot,
  fitsFilter,
  listSnapshots,
  type SnapshotFilter,
  type SnapshotList,
  type StoredSnapshot,
} from './repository/snapshots.ts';
