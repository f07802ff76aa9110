import type { BytePath } from '../backup/byte-path.ts';
import type { Key } from '../format/crypto.ts';
import type { BlobType } from '../format/pack.ts';

/** What a worker is told before its first job. One key a destination; a blob is compressed once and sealed for each. */
export interface BackupWorkerData {
  readonly keys: readonly Key[];
  /** Hex of the polynomial that all destinations of the run share. */
  readonly chunkerPolynomial: string;
  /** zstd level for data and trees; null stores raw (format version 1 knows no compression). */
  readonly compressionLevel: number | null;
}

/** Files to read. Times and sizes are what the scan saw: a file that differs after reading is read again. */
export interface FilesJob {
  readonly kind: 'files';
  readonly job: number;
  /** As `PathBatch` gives them. */
  readonly paths: Uint8Array<ArrayBuffer>;
  readonly sizes: Float64Array;
  readonly changeTimes: BigInt64Array;
}

/** Looks for the cuts in a part of a long file, so that several workers can store what lies between them. */
export interface CutsJob {
  readonly kind: 'cuts';
  readonly job: number;
  readonly path: BytePath;
  /** What the scan saw. */
  readonly size: number;
  readonly changeTime: bigint;
  /** Where a chunk begins, and how many bytes to look at, in whole chunks. */
  readonly from: number;
  readonly bytes: number;
}

/** Reads and stores chunks of a long file that follow each other: one from each bound to the next. */
export interface ChunksJob {
  readonly kind: 'chunks';
  readonly job: number;
  readonly path: BytePath;
  readonly bounds: Float64Array;
}

/** Finished blobs (trees), one after the other in `bytes`, whose memory is the worker's; `wanted` has one bit a destination for each. */
export interface BlobsJob {
  readonly kind: 'blobs';
  readonly job: number;
  readonly type: BlobType;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array;
  readonly ids: Uint8Array;
  readonly wanted: Uint32Array;
  /** Where the blobs are zstd frames: the lengths of their plaintexts. Null where they are plaintexts. */
  readonly compressedFrom: Uint32Array | null;
}

export type ToWorker =
  | { readonly kind: 'begin'; readonly data: BackupWorkerData }
  | FilesJob
  | CutsJob
  | ChunksJob
  | BlobsJob
  /** The answer to `claim`: which destinations (bits) want each blob. */
  | { readonly kind: 'claimed'; readonly wanted: Uint32Array }
  /** A pack was dealt with; its buffer may be used again. */
  | { readonly kind: 'packTaken'; readonly buffer: SharedArrayBuffer }
  /** Close the packs that are not full. */
  | { readonly kind: 'flush' };

/** How a file of a job ended. */
export const FILE_READ = 0;
/** It changed while it was read, three times over; it is stored as it was read last. */
export const FILE_UNSTEADY = 1;
export const FILE_VANISHED = 2;
export const FILE_FAILED = 3;

/** The metadata of a file that was not the same after reading as the scan had seen it. */
export interface FreshStat {
  readonly position: number;
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly nlink: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly rdev: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface FilesDone {
  readonly kind: 'filesDone';
  readonly job: number;
  readonly outcomes: Uint8Array;
  /** Bytes that each file turned out to have. */
  readonly sizes: Float64Array;
  /** Blobs of each file; their ids lie in `ids` in the order of the files. */
  readonly blobCounts: Uint32Array;
  readonly ids: Uint8Array;
  readonly fresh: readonly FreshStat[];
  readonly failures: readonly { readonly position: number; readonly code: string; readonly message: string }[];
}

export interface CutsDone {
  readonly kind: 'cutsDone';
  readonly job: number;
  /** Where each chunk ends; none when the file is another by now, or cannot be read. */
  readonly ends: Float64Array;
  readonly isEndOfFile: boolean;
}

export interface ChunksDone {
  readonly kind: 'chunksDone';
  readonly job: number;
  /** The ids of the chunks, 32 bytes each; fewer when the file could not be read that far. */
  readonly ids: Uint8Array;
}

export type FromWorker =
  | FilesDone
  | CutsDone
  | ChunksDone
  | { readonly kind: 'blobsDone'; readonly job: number }
  /** Asks which destinations lack these blobs (32 bytes each); the first asker of a new blob has to store it. */
  | { readonly kind: 'claim'; readonly ids: Uint8Array }
  | {
      readonly kind: 'pack';
      readonly destination: number;
      readonly id: string;
      /** In `bulkMemory`: it stays the worker's, who must not touch it before `packTaken`. */
      readonly bytes: Uint8Array;
      /** The plaintext of its header, which names the blobs. */
      readonly header: Uint8Array<ArrayBuffer>;
      readonly blobCount: number;
      /** What an index file says of it. */
      readonly indexText: Uint8Array<ArrayBuffer>;
      /** Plaintext bytes in it. */
      readonly plainBytes: number;
    }
  | { readonly kind: 'bytesRead'; readonly bytes: number }
  | { readonly kind: 'flushed' };
