import type { WireError } from '../errors.ts';
import type { BlobType } from '../format/pack.ts';
import type { SnapshotId } from '../ids.ts';

/** `error`: something cannot be restored, or will not be soon. `warning`: nothing is lost. `note`: only untidy. */
export type Level = 'error' | 'warning' | 'note';

interface Found<Code extends string> {
  readonly code: Code;
  readonly level: Level;
  /** Name of the file, or id of the content. */
  readonly id: string;
  /** One sentence for a person. */
  readonly text: string;
}

export type Finding =
  | (Found<'snapshot-unreadable' | 'index-unreadable' | 'key-unreadable' | 'lock-unreadable'> & {
      readonly error: WireError;
    })
  | Found<'no-index' | 'no-snapshot' | 'pack-missing' | 'pack-unindexed' | 'pack-unreadable'>
  | (Found<'pack-size'> & { readonly bytes: number; readonly expected: number })
  | (Found<'pack-damaged'> & { readonly badBlobs: number; readonly what: 'content' | 'header' | 'name' })
  | (Found<'pack-mixed' | 'pack-twice'> & { readonly count: number })
  | (Found<'blob-missing' | 'blob-damaged'> & { readonly type: BlobType });

/** What a snapshot has lost. Everything that is not named can be restored from it. */
export interface AffectedSnapshot {
  readonly id: SnapshotId;
  readonly time: string;
  readonly paths: readonly string[];
  /** Files and folders that cannot be restored whole; at most `MAX_PATHS` are named. */
  readonly lost: readonly string[];
  readonly lostCount: number;
}

export const MAX_PATHS = 200;

export interface CheckReport {
  /** `damaged` when there is a finding of level `error`. */
  readonly result: 'good' | 'damaged';
  readonly findings: readonly Finding[];
  readonly affected: readonly AffectedSnapshot[];
  readonly snapshots: number;
  readonly packs: number;
  readonly blobs: number;
  /** Packs and bytes of which the content was read. */
  readonly packsRead: number;
  readonly bytesRead: number;
}
