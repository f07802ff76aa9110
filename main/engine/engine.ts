/** The door of the engine: the only file of it, beside errors, ids, clock and the store interface, that others import. */
export { backup } from './backup/backup.ts';
export { compileFind } from './backup/exclude.ts';
export {
  type BackupDestination,
  type BackupReport,
  type BackupRequest,
  type DestinationResult,
  type LeftOut,
  PARTIAL_REASONS,
} from './backup/request.ts';
export { beginRun, type RunAhead } from './backup/run-ahead.ts';
export { markerIn } from './backup/selection.ts';
export { whyUnreadable } from './backup/why-unreadable.ts';
export { type CheckRequest, check } from './check/check.ts';
export type { AffectedSnapshot, CheckReport, Finding } from './check/report.ts';
export { type CopyReport, type CopyRequest, copySnapshots } from './copy/copy.ts';
export { diffTrees, type TreeChange } from './diff/diff-trees.ts';
export { packFileSize } from './format/pack.ts';
export type { Snapshot } from './format/snapshot.ts';
export type { TreeNode } from './format/tree.ts';
export type { EngineProgress } from './progress.ts';
export { type Duration, formatDuration, parseDuration } from './prune/durations.ts';
export {
  type ForgetGroup,
  type ForgetReport,
  type ForgetRequest,
  forget,
  forgetNamed,
} from './prune/forget.ts';
export { type PruneReport, type PruneRequest, prune } from './prune/prune.ts';
export {
  decideRetention,
  type GroupBy,
  groupSnapshots,
  isEmptyPolicy,
  type RetentionDecision,
  type RetentionPolicy,
} from './prune/retention.ts';
export { type RepairIndexReport, type RepairIndexRequest, repairIndex } from './repair/repair-index.ts';
export { type RepairPacksReport, type RepairPacksRequest, repairPacks } from './repair/repair-packs.ts';
export { type UpgradeReport, type UpgradeRequest, upgradeRepository } from './repair/upgrade.ts';
export { BlobIndex, type BlobLocation, type LoadedIndex, loadIndex } from './repository/blob-index.ts';
export { readBlob, readTree } from './repository/blob-reader.ts';
export { openSealedIndex, sealIndex } from './repository/index-cache.ts';
export { addKey, changePassphrase, listKeys, type NewKey, removeKey, type StoredKey } from './repository/keys.ts';
export { type LockMode, listLocks, type StoredLock, unlock, withLock, withReadLock } from './repository/locks.ts';
export {
  type CreateOptions,
  createRepository,
  type EngineHost,
  openRepository,
  putConfigBack,
  type Repository,
} from './repository/repository.ts';
export { isSamePlace } from './repository/same-place.ts';
export {
  findSnapshot,
  fitsFilter,
  listNewSnapshots,
  listSnapshots,
  type SnapshotFilter,
  type SnapshotList,
  type StoredSnapshot,
} from './repository/snapshots.ts';
export { askForUnlisted, expectAllListed, type Unlisted } from './repository/unlisted.ts';
export { dumpFile, findEntry } from './restore/dump.ts';
export { folderPlace, placesOf } from './restore/folder-place.ts';
export { planRestore } from './restore/plan.ts';
export type {
  ExistingRule,
  PlannedEntry,
  RestoreAction,
  RestoreLeftOut,
  RestorePlan,
  RestoreReport,
  RestoreRequest,
} from './restore/request.ts';
export { restore } from './restore/restore.ts';
export { makeFolder } from './store/make-folder.ts';
export { countRestored, countStored } from './walk/count.ts';
export { type LoadedTree, loadTrees } from './walk/load-trees.ts';
export { type PathSegments, pathText, walkTree } from './walk/walk-tree.ts';
