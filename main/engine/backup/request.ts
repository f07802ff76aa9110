import type { WireError } from '../errors.ts';
import type { SnapshotId, TreeId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import type { LoadedIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import type { RunAhead } from './run-ahead.ts';

/** One of the repositories that a backup writes to. */
export interface BackupDestination {
  readonly repository: Repository;
  /** The index from an earlier run of this process: only what is new is read then. */
  readonly knownIndex?: LoadedIndex;
  /**
   * The snapshot from which `dirtyDirectories` were counted. Where another one is the newest, of another program for one, a
   * full scan is made instead: what that one holds is not what lay on the disk when counting began. Absent: any is taken.
   */
  readonly changesSince?: string | null;
}

/** What a run looks at. */
export interface ScanRequest {
  /** As given by the person: absolute paths keep all their folders in the snapshot, relative ones what was typed. */
  readonly paths: readonly string[];
  /** The directory that relative paths start from. */
  readonly workingDirectory: string;
  /** restic's patterns: `*.tmp`, `/absolute/**`, `name`. */
  readonly excludes?: readonly string[];
  /** Files larger than this many bytes are left out. */
  readonly excludeLargerThan?: number;
  /** Names of files that mark their directory as not to be backed up, as `.nobackup`; and `CACHEDIR.TAG`. */
  readonly excludeMarkers?: readonly string[];
  readonly excludeCaches?: 'yes' | 'no';
}

export interface BackupRequest extends ScanRequest {
  readonly destinations: readonly BackupDestination[];
  readonly tags?: readonly string[];
  readonly hostname?: string;
  /** Directories (absolute) that changed; everything else is taken from the parent. Absent: a full scan. */
  readonly dirtyDirectories?: ReadonlySet<string>;
  /**
   * What the report of the last full scan of this had under this name: directories that are as they were then need not be
   * compared with the parent. Anything else, or from elsewhere, is passed over.
   */
  readonly directoryCache?: Uint8Array;
  /** Begun by `beginRun` for this scan, which has one destination; the run closes it. */
  readonly ahead?: RunAhead;
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
  /** Worker threads; the number of cores, at most 4, when absent. */
  readonly workers?: number;
}

/** Why something is not, or not as it is now, in the snapshot. */
export type LeftOutReason = 'unreadable' | 'unsteady' | 'vanished' | 'socket' | 'attributes' | 'unsupported';

export interface LeftOut {
  readonly path: string;
  readonly reason: LeftOutReason;
  /** One sentence for a person. */
  readonly text: string;
}

/** Reasons for which a run counts as partial (exit code 3); the others are only mentioned. */
export const PARTIAL_REASONS: ReadonlySet<LeftOutReason> = new Set(['unreadable', 'unsteady', 'unsupported']);

export interface DestinationResult {
  readonly location: string;
  /** Set when the snapshot was stored. */
  readonly snapshotId?: SnapshotId;
  readonly error?: WireError;
  readonly dataBlobsAdded: number;
  readonly treeBlobsAdded: number;
  /** Bytes of the packs that were added. */
  readonly bytesAdded: number;
  /**
   * Packs that are gone or cut short, and directories of the parent that cannot be read, as far as this run looked: what
   * was in them counted as absent, and was stored again where it still exists.
   */
  readonly damagedParts: number;
  /** The index was gone, so that all content counted as absent; it is one of the damaged parts. `repair index` makes it anew. */
  readonly indexLost?: boolean;
  /**
   * Packs that were there although neither an index nor a snapshot was to be seen: what an interrupted first backup leaves, or a
   * place that does not show all it has. Nothing of them was used.
   */
  readonly unnamedPacks?: number;
  /** The index as it stands after the run, for `knownIndex` of the next. */
  readonly index?: LoadedIndex;
}

export interface BackupReport {
  readonly results: readonly DestinationResult[];
  readonly tree: TreeId | null;
  readonly parents: readonly (SnapshotId | null)[];
  readonly scan: 'full' | 'changes';
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnchanged: number;
  readonly filesRemoved: number;
  readonly directories: number;
  /** Plaintext bytes of all files in the snapshot, and of those that were read. */
  readonly bytesTotal: number;
  readonly bytesRead: number;
  readonly excluded: number;
  readonly leftOut: readonly LeftOut[];
  /** For the next full scan, sealed with the key of the first destination; from a full scan only. */
  readonly directoryCache?: Uint8Array;
}
