import type { CheckDepth } from '../../api/contract/runs.ts';
import type { ContractError } from '../../api/contract/values.ts';
import type { EntryInfo, EntryType, HitInfo, MomentInfo, VersionInfo } from '../../catalog/catalog.ts';
import type { EngineProgress } from '../../engine/progress.ts';

/** What the app asks of the engine's process. Everything here is cloned between two processes: plain values only. */

export interface RepositoryAddress {
  readonly location: string;
  readonly passphrase: string;
  /** What is known to be there; another one is refused. Absent or null: any. */
  readonly repositoryId?: string | null;
}

export interface ProbeResult {
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly latencyMs: number;
  readonly repository: 'present' | 'absent';
}

export interface BackupCall {
  /** `changesSince`: the snapshot from which `dirtyDirectories` are counted there; absent: whichever is the newest. */
  readonly repositories: readonly (RepositoryAddress & { readonly changesSince?: string | null })[];
  readonly path: string;
  readonly excludes: readonly string[];
  readonly excludeLargerThan: number | null;
  readonly markers: 'honour' | 'ignore';
  /** Absolute directories that changed; null for a full scan. */
  readonly dirtyDirectories: readonly string[] | null;
  /** Where full scans leave what the next one need not compare; null: this one compares everything. */
  readonly scansFolder: string | null;
}

export interface BackupOutcome {
  readonly results: readonly {
    readonly snapshotId: string | null;
    readonly error: ContractError | null;
    readonly bytesAdded: number;
    /** Parts of the repository that are gone or damaged; their content was stored again where it still exists. */
    readonly damagedParts: number;
    /** The whole index is gone; counted as one of them. */
    readonly indexLost?: boolean;
  }[];
  readonly scan: 'full' | 'changes';
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnchanged: number;
  readonly filesRemoved: number;
  readonly bytesTotal: number;
  readonly bytesRead: number;
  readonly excluded: number;
  readonly leftOut: readonly {
    readonly path: string;
    readonly reason: string;
    readonly text: string;
    readonly partial: 'yes' | 'no';
  }[];
  readonly moreLeftOut: number;
  /** Paths of all that are `partial`, as far as they are not too many, and how many more there are. */
  readonly unread: readonly string[];
  readonly moreUnread: number;
}

export interface SnapshotInfo {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly tree: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly tags: readonly string[];
}

export interface EngineFinding {
  readonly level: 'info' | 'warning' | 'error';
  readonly code: string;
  readonly text: string;
  readonly path: string | null;
}

export interface CheckOutcome {
  readonly findings: readonly EngineFinding[];
  readonly moreFindings: number;
  readonly snapshots: number;
  readonly bytesRead: number;
  readonly usedBytes: number | null;
}

export interface RetentionRules {
  readonly keepAllHours: number;
  readonly hourlyForHours: number;
  readonly dailyForDays: number;
  readonly weeklyForWeeks: number;
  readonly monthlyForMonths: number;
}

/** What is known to be at a destination: no listing that leaves some of it out is believed. */
export interface KnownSnapshots {
  readonly catalog: string;
  readonly destinationId: string;
  /** Ids of what the app itself stored there. */
  readonly written: readonly string[];
}

export interface PruneOutcome {
  readonly snapshotsRemoved: number;
  readonly snapshotsKept: number;
  readonly bytesFreed: number;
  /** Files of the copies that were damaged and whose content was whole elsewhere at the same destination. */
  readonly packsReplaced: number;
  /** Snapshots that are no longer there, by this run or by another. */
  readonly forgotten: readonly string[];
  /** Folders of which nothing was forgotten, as the clock may be wrong: see `isFreshAfterGap`. */
  readonly held: readonly string[];
}

/** A time in which a destination got nothing; ISO 8601, UTC. */
export interface Absence {
  readonly from: string;
  readonly to: string;
}

/** A moment that a destination lacks, and the snapshots of it elsewhere. */
export interface MissedMoment {
  readonly folderId: string;
  readonly time: string;
  readonly copies: readonly { readonly destinationId: string; readonly snapshotId: string }[];
}

export interface CopyOutcome {
  readonly copied: readonly { readonly from: string; readonly to: string }[];
  /** They were there already. */
  readonly present: readonly string[];
  /** The source has lost something of them. */
  readonly failed: readonly { readonly id: string; readonly error: ContractError }[];
  /** Parts that the target has lost. */
  readonly damagedParts: number;
  /** All of its index is gone; counted as one of them. */
  readonly indexLost: boolean;
  readonly bytesAdded: number;
}

export interface RestoreCall {
  readonly repository: RepositoryAddress;
  readonly snapshotId: string;
  /** The folder's absolute path as the snapshot has it. */
  readonly root: string;
  /** base64url of the raw bytes of paths relative to the folder; empty for all of it. */
  readonly keys: readonly string[];
  /** Where the folder's content goes: the folder itself for a restore in place. */
  readonly target: string;
  readonly existing: 'skip' | 'replace' | 'keep-both';
}

export type RestoreAction = 'create' | 'replace' | 'keep' | 'keep-both' | 'unchanged';

export interface RestorePlanInfo {
  readonly create: number;
  readonly replace: number;
  readonly keep: number;
  readonly unchanged: number;
  readonly bytes: number;
  readonly sample: readonly { readonly path: string; readonly action: RestoreAction }[];
  readonly warnings: readonly string[];
}

export interface RestoreOutcome {
  readonly filesRestored: number;
  readonly bytesRestored: number;
  readonly findings: readonly EngineFinding[];
  readonly moreFindings: number;
}

/** At most this much of a folder is restored to prove it. */
export interface SampleLimit {
  readonly files: number;
  readonly bytes: number;
}

/** One folder at one destination, as the history asks for it. */
export interface HistorySource {
  readonly repository: RepositoryAddress;
  readonly destinationId: string;
}

export interface HistoryScope {
  /** The catalog's file. */
  readonly catalog: string;
  readonly folderId: string;
  readonly root: string;
  /** All of the folder's destinations, also those that are away. */
  readonly destinationIds: readonly string[];
  /** Those that can be read now; the catalog answers without any. */
  readonly sources: readonly HistorySource[];
}

/** A path that destinations hold snapshots of. */
export interface HeldFolder {
  readonly path: string;
  readonly destinationIds: readonly string[];
}

export type { MomentInfo, VersionInfo };

/** Each call: what goes in and what comes back. */
export interface EngineCalls {
  probe: [{ readonly location: string }, ProbeResult];
  /** Opens the repository; throws what opening throws. */
  open: [{ readonly repository: RepositoryAddress }, { readonly repositoryId: string }];
  create: [
    { readonly repository: RepositoryAddress; readonly like: RepositoryAddress | null },
    { readonly repositoryId: string },
  ];
  /** Whether both addresses lead to one repository at one place. */
  samePlace: [
    { readonly repository: RepositoryAddress; readonly other: RepositoryAddress },
    { readonly answer: 'same' | 'another' },
  ];
  /** The folder of this computer that a location stands for, also through remotes of rclone; null when it is none. */
  localFolder: [{ readonly location: string }, string | null];
  /** rclone's name of the kind of a remote, below all that wraps it; null for other places, and where it cannot be told. */
  remoteType: [{ readonly location: string }, string | null];
  /** Closes what is kept open for that location. */
  forgetLocation: [{ readonly location: string }, null];
  limits: [{ readonly uploadKiBps: number; readonly downloadKiBps: number }, null];
  backup: [BackupCall, BackupOutcome];
  snapshots: [{ readonly repository: RepositoryAddress }, readonly SnapshotInfo[]];
  /** Which of the snapshots are not there any more; each is asked for by name. */
  goneSnapshots: [
    { readonly repository: RepositoryAddress; readonly snapshotIds: readonly string[] },
    readonly string[],
  ];
  usage: [{ readonly repository: RepositoryAddress }, { readonly usedBytes: number; readonly snapshots: number }];
  unlock: [{ readonly repository: RepositoryAddress }, { readonly removed: number }];
  check: [{ readonly repository: RepositoryAddress; readonly depth: CheckDepth }, CheckOutcome];
  prune: [
    {
      readonly repository: RepositoryAddress;
      readonly retention: RetentionRules;
      readonly roots: readonly string[];
      readonly known: KnownSnapshots;
    },
    PruneOutcome,
  ];
  /** What a destination lacks from while it was away, as far as the catalog knows. */
  missed: [
    {
      readonly catalog: string;
      readonly folderIds: readonly string[];
      readonly destinationId: string;
      readonly absences: readonly Absence[];
      readonly retention: RetentionRules;
      readonly minIntervalMinutes: number;
    },
    readonly MissedMoment[],
  ];
  copy: [
    { readonly from: RepositoryAddress; readonly to: RepositoryAddress; readonly snapshotIds: readonly string[] },
    CopyOutcome,
  ];
  planRestore: [RestoreCall, RestorePlanInfo];
  restore: [RestoreCall, RestoreOutcome];
  /**
   * Proves that a folder's snapshot can be restored: reads snapshot and index back from the destination, looks whether all
   * packs are there, restores a sample (all of a small folder) into a scratch place, compares, and throws it away.
   */
  drill: [
    {
      readonly repository: RepositoryAddress;
      readonly snapshotId: string;
      readonly root: string;
      readonly scratch: string;
      readonly sample: SampleLimit;
    },
    RestoreOutcome,
  ];
  remotes: [Record<string, never>, readonly { readonly name: string; readonly type: string }[]];
  /** The names of the folders at a path of a remote. */
  remoteFolders: [{ readonly remote: string; readonly path: string }, readonly string[]];
  rcloneVersion: [Record<string, never>, string];
  /**
   * The paths that snapshots hold, as far as destinations can be asked, and those of past folders (whose ids begin with
   * `pastPrefix`) that the catalog knows elsewhere.
   */
  heldFolders: [
    { readonly catalog: string; readonly pastPrefix: string; readonly sources: readonly HistorySource[] },
    readonly HeldFolder[],
  ];
  /** Brings the catalog up to date with what the sources hold. */
  updateHistory: [HistoryScope, null];
  /** Forgets every folder but these. */
  keepHistory: [{ readonly catalog: string; readonly folderIds: readonly string[] }, null];
  moments: [HistoryScope, readonly MomentInfo[]];
  browse: [
    HistoryScope & { readonly momentId: string; readonly key: string; readonly offset: number; readonly limit: number },
    { readonly entries: readonly EntryInfo[]; readonly total: number },
  ];
  search: [
    {
      readonly scopes: readonly HistoryScope[];
      readonly text: string;
      readonly which: 'all' | 'deleted';
      readonly limit: number;
    },
    { readonly hits: readonly HitInfo[]; readonly more: boolean },
  ];
  versions: [HistoryScope & { readonly key: string }, readonly VersionInfo[]];
  readStart: [
    HistoryScope & { readonly momentId: string; readonly key: string; readonly maxBytes: number },
    { readonly bytes: Uint8Array; readonly size: number; readonly type: EntryType },
  ];
}

export type EngineCallName = keyof EngineCalls;
export type CallInput<Name extends EngineCallName> = EngineCalls[Name][0];
export type CallOutput<Name extends EngineCallName> = EngineCalls[Name][1];

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EngineProgress) => void;
}

/** The engine as the app sees it, in whatever process it lives. */
export interface Engine {
  call<Name extends EngineCallName>(
    name: Name,
    input: CallInput<Name>,
    options?: CallOptions,
  ): Promise<CallOutput<Name>>;
  close(): Promise<void>;
}

/** From the app to the engine's process. */
export type ToEngine =
  | { readonly kind: 'call'; readonly id: number; readonly name: EngineCallName; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' };

/** Back from it. */
export type FromEngine =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: EngineProgress }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ContractError };
