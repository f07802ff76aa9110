import type { Key } from '../format/crypto.ts';
import type { BlobType, PackEntry } from '../format/pack.ts';

export interface CheckWorkerData {
  readonly key: Key;
}

/** A whole pack file and what the index says of it. */
export interface CheckJob {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly entries: readonly PackEntry[];
}

export interface CheckReply {
  /** Whether the file has the hash that its name says. */
  readonly name: 'right' | 'wrong';
  readonly hash: string;
  /** Whether its header can be read and lists exactly what the index lists. */
  readonly header: 'right' | 'wrong';
  readonly badBlobs: readonly { readonly type: BlobType; readonly id: string }[];
}
