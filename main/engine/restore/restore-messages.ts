import type { Key } from '../format/crypto.ts';
import type { EntryColumns } from './entry-table.ts';
import type { MountedDisks } from './mounted-disks.ts';
import type { LongPaths } from './whole-files.ts';

/** Paths cross the thread border as latin1 text, one character a byte: cheap to copy, and any byte passes. */
export type PathBytes = string;

export interface RestoreWorkerData {
  readonly key: Key;
  /** Whether owners can be set. */
  readonly owners: 'set' | 'leave';
  /** Makes this restore's temporary names its own. */
  readonly mark: string;
  /** See `TargetDisks`. */
  readonly root: PathBytes;
  readonly device: number;
  readonly mounted: MountedDisks;
  /** In memory that all threads share. */
  readonly columns: EntryColumns;
}

/** A place in a larger file that exists under its temporary name with its full size. */
export interface FilePart {
  readonly file: number;
  readonly temporary: PathBytes;
  readonly at: number;
}

/** Blobs and where they go, in columns: an object for each file would cost as much as the file. */
export interface RestoreJob {
  /** The worker overwrites them. */
  readonly bytes: Uint8Array;
  /** `plain`: read and verified by the main thread already, because the first copy was bad. */
  readonly form: 'sealed' | 'plain';
  /** 32 bytes for each blob. */
  readonly ids: Uint8Array;
  /** Of each blob in `bytes`. */
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly uncompressedLengths: Uint32Array;
  /** How many uses the blobs have up to and with each. */
  readonly useEnds: Uint32Array;
  /** The entry of each use. */
  readonly entries: Uint32Array;
  /**
   * The place in the file of each use: a larger file, which exists under its temporary name with its full size. `WHOLE` for a
   * file whose whole content the blob is: made, verified and named in one go.
   */
  readonly positions: Float64Array;
  /** Entries that are files without content. */
  readonly empty: Uint32Array;
  /** By entry, where a path is not simply made of names. */
  readonly longPaths: LongPaths;
}

export interface RestoreReply {
  /** Positions in the job of blobs that are damaged; nothing of them was written. */
  readonly badBlobs: readonly number[];
  readonly failures: readonly { readonly file: number; readonly code: string; readonly message: string }[];
  /** Files that are whole, without their owner or mode. */
  readonly unset: readonly number[];
  readonly bytesWritten: number;
  /** Times of the whole files that were made, as `TimeSetter` takes them. */
  readonly times: Uint8Array;
}
