/**
 * The object store: the only way in which the engine touches a destination. Reading and writing are two types, so a
 * function that takes a `ReadStore` cannot delete. Implementations: `local`, `rest`, `memory`; behaviour is added by
 * wrappers with the same interface (`retrying`, `limited`, …).
 *
 * Guarantees that every implementation gives (`test/contract/store-suite.ts` holds it to them):
 * - `put` is atomic and durable: after it resolves, the object survives a power cut under its name; a crash before that
 *   leaves no object under the final name, or a whole one. No reader ever sees half an object.
 * - `put` of an existing name with the same bytes is fine; objects are immutable and named by content. Only `config` is
 *   not: a different one that is already there is `store/exists`.
 * - `list` gives all objects of a type, each once, or throws; a missing folder of an existing, reachable repository reads as empty,
 *   an unreachable place throws `store/unreachable` and never reads as empty. A missing folder where there is no `config`
 *   either (the mount point of a disk that is away) is `repo/not-a-repository`. Names that are not ids are left out.
 * - `get` and `remove` throw `store/not-found` only when the place answered that the object is not there, and is itself
 *   there: without `config` it is `repo/not-a-repository` (for `config` itself always `store/not-found`).
 * - Errors are `TriplicateError` with a `store/…` code; only the `retrying` wrapper knows delays.
 */

/** The rooms of a repository (repository format, section 1). */
export type FileType = 'config' | 'keys' | 'locks' | 'snapshots' | 'index' | 'data';

/** Names one object: its room and its id (64 hex digits; for `config` the id is the empty string). */
export interface FileName {
  readonly type: FileType;
  readonly id: string;
}

export const CONFIG_FILE: FileName = { type: 'config', id: '' };

/** One listed object; `size` in bytes. */
export interface StoredFile {
  readonly id: string;
  readonly size: number;
}

/** A part of an object: `length` bytes from `offset`. A range beyond the end is `store/corrupt`. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  /**
   * Memory that may be used for the answer, which is then a view into it, anywhere; a store may as well answer with memory
   * of its own. `bulkMemory` with `BLOCK_BYTES` to spare at both ends lets a disk write straight into it. After a failure
   * it must not be used again.
   */
  readonly room?: Uint8Array;
}

/** What `stat` answers about the place. Unknown figures are absent, never zero. */
export interface StoreStatus {
  readonly freeBytes?: number;
  readonly totalBytes?: number;
  /** Round-trip time of a small request, in milliseconds. */
  readonly latencyMs: number;
  /** Whether a `config` is there. A known destination that answers `absent` is a disk that is not mounted, not a new one. */
  readonly repository: 'present' | 'absent';
}

/** What a place can do, as data, so that callers need not know its kind. */
export interface StoreCapabilities {
  /** How many requests may usefully be under way at once. */
  readonly connections: number;
  /** Whether bytes travel over a network (decides about caches and patience). */
  readonly remote: boolean;
}

export interface ReadStore {
  /** The location as the user writes it (`/path`, `rclone:remote:path`), without secrets; for messages. */
  readonly location: string;
  readonly capabilities: StoreCapabilities;
  list(type: FileType, signal?: AbortSignal): Promise<readonly StoredFile[]>;
  /** Whole object, or the range; the result is the caller's own buffer. */
  get(name: FileName, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array>;
  /** Throws `store/unreachable` when the place does not answer. A place where nothing was created yet still answers. */
  stat(signal?: AbortSignal): Promise<StoreStatus>;
  /** Ends connections and processes that belong to this store. */
  close(): Promise<void>;
}

export interface WriteStore extends ReadStore {
  /** Creates the folders that a new repository needs. Harmless on an existing one. */
  create(signal?: AbortSignal): Promise<void>;
  put(name: FileName, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * As `put`, of bytes that may travel ahead: the object has its name only after `ready` has resolved, and nothing is left
   * of it when that rejects, which it must do with an error that is not tried again. Absent where nothing is gained by it:
   * the function `putAfter` serves every store.
   */
  putAfter?(name: FileName, bytes: Uint8Array, ready: Promise<void>, signal?: AbortSignal): Promise<void>;
  /**
   * Whether a listing shows all that any program had stored before it was asked for, as on a disk of this machine. Absent where
   * it may show it later. Never throws.
   */
  showsAtOnce?(): Promise<boolean>;
  /**
   * Puts another `config` where one is: the only object that is ever replaced. On disks and object stores in one step, so
   * that one of the two is there at each moment. On other places the old one goes first, and a crash in between leaves
   * none: whoever calls this keeps the old one elsewhere until it is done. May be repeated after a failure.
   */
  replaceConfig(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Removing what is not there is `store/not-found`. */
  remove(name: FileName, signal?: AbortSignal): Promise<void>;
}
