import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import type { PathSegments } from '../walk/walk-tree.ts';
import type { MeasuredLengths } from './content.ts';
import type { PlannedEntries } from './planned-entries.ts';

/** What happens to a file that is there already and differs. */
export type ExistingRule = 'skip' | 'replace' | 'keep-both';

export interface RestoreRequest {
  readonly repository: Repository;
  /** Loaded when absent. */
  readonly index?: BlobIndex;
  readonly tree: TreeId;
  /** Absolute folder; `/` restores in place. Made when it is missing. */
  readonly target: string;
  /** Paths in the snapshot, each with everything below it; all when absent. A string or raw bytes, `/` between names. */
  readonly include?: readonly (string | Uint8Array)[];
  /** restic's patterns in place of `include` (and without `from`): what fits one, with everything below it. */
  readonly includePatterns?: readonly string[];
  /** The folder of the snapshot whose content goes straight into the target; its root when absent. */
  readonly from?: string | Uint8Array;
  readonly existing: ExistingRule;
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * What will happen to an entry. `new`: nothing is there. `replaced`: what is there goes. `kept`: what is there stays
 * and the entry is not restored. `beside`: restored under another name. `unchanged`: what is there has this content.
 */
export type RestoreAction = 'new' | 'replaced' | 'kept' | 'beside' | 'unchanged';

/** What a restore needs of an entry. Inode, device and number of links are only those of a file with several names. */
export type RestoreNode = Pick<
  TreeNode,
  | 'name'
  | 'type'
  | 'mode'
  | 'mtime'
  | 'atime'
  | 'uid'
  | 'gid'
  | 'inode'
  | 'deviceId'
  | 'size'
  | 'links'
  | 'linkTarget'
  | 'extendedAttributes'
  | 'device'
  | 'content'
>;

export interface PlannedEntry {
  /** Names below the target. */
  readonly path: PathSegments;
  /** Its path in the snapshot, as text for a person. */
  readonly text: string;
  readonly node: RestoreNode;
  readonly action: RestoreAction;
  /** `no` for what is only passed through or stays as it is. */
  readonly metadata: 'yes' | 'no';
}

/** Why an entry is not in the target as it was. */
export type RestoreProblem =
  | 'unsafe-name'
  | 'duplicate-name'
  | 'damaged'
  | 'missing'
  | 'in-the-way'
  | 'not-supported'
  | 'not-permitted'
  | 'attributes'
  | 'failed';

export interface RestoreLeftOut {
  readonly path: string;
  readonly reason: RestoreProblem;
  /** One sentence for a person. */
  readonly text: string;
}

export interface RestorePlan {
  readonly request: RestoreRequest;
  readonly index: BlobIndex;
  /** Where the index contradicts itself. */
  readonly measured: MeasuredLengths;
  /** The number of the disk on which the target lay when the plan was begun; see `TargetDisks`. */
  readonly device: number;
  /** By entry, that of each folder on which another disk is mounted. */
  readonly devices: ReadonlyMap<number, number>;
  /** A directory before what is in it; the entries of one mostly together. */
  readonly entries: PlannedEntries;
  readonly counts: Readonly<Record<RestoreAction, number>>;
  /** Plaintext bytes that will be written. */
  readonly bytes: number;
  /** Known before anything is written. */
  readonly leftOut: readonly RestoreLeftOut[];
}

export interface RestoreReport {
  /** `incomplete`: something was left out for another reason than that it was to be kept. */
  readonly result: 'complete' | 'incomplete';
  readonly files: number;
  readonly directories: number;
  readonly others: number;
  readonly unchanged: number;
  readonly kept: number;
  /** Bytes of file content whose hashes were verified before they were written under the final name. */
  readonly bytesVerified: number;
  readonly leftOut: readonly RestoreLeftOut[];
}
