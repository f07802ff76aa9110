import type { Key } from '../format/crypto.ts';

/** Paths cross the thread border as latin1 text, one character a byte: cheap to copy, and any byte passes. */
export type PathBytes = string;

export interface RestoreWorkerData {
  readonly key: Key;
  /** Whether owners can be set. */
  readonly owners: 'set' | 'leave';
  /** Makes this restore's temporary names its own. */
  readonly mark: string;
  /** See `TargetGuard`. */
  readonly root: PathBytes;
  readonly device: number;
}

/** One blob in the bytes of a job. */
export interface JobBlob {
  readonly id: string;
  readonly start: number;
  readonly length: number;
  readonly uncompressedLength: number;
}

/** A file whose whole content is one blob of the job, or nothing (`blob` -1): made, verified and named in one go. */
export interface WholeFile {
  readonly file: number;
  readonly blob: number;
  readonly path: PathBytes;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly existing: 'expected' | 'none';
}

/** A place in a larger file that exists under its temporary name with its full size. */
export interface FilePart {
  readonly file: number;
  readonly blob: number;
  readonly temporary: PathBytes;
  readonly at: number;
}

export interface RestoreJob {
  /** The worker overwrites them. */
  readonly bytes: Uint8Array;
  /** `plain`: read and verified by the main thread already, because the first copy was bad. */
  readonly form: 'sealed' | 'plain';
  readonly blobs: readonly JobBlob[];
  readonly whole: readonly WholeFile[];
  readonly parts: readonly FilePart[];
}

export interface RestoreReply {
  /** Positions in `blobs` of those that are damaged; nothing of them was written. */
  readonly badBlobs: readonly number[];
  readonly failures: readonly { readonly file: number; readonly code: string; readonly message: string }[];
  readonly bytesWritten: number;
}
