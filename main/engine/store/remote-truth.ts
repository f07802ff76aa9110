/**
 * A second way to ask a remote place, for a server whose answers cannot be believed: rclone's `serve restic` says 404 for
 * an object of a remote that is merely unreachable, and gives no reasons. The REST store moves bytes through the server
 * and asks here before it believes that something is missing.
 *
 * Paths are relative to the repository's root and use `/`. Every failure is a `TriplicateError` that names the reason.
 */
export interface RemoteTruth {
  /** `whole`: an upload appears at its final name when complete; `move`: it grows there and must be moved into place. */
  uploads(signal?: AbortSignal): Promise<'whole' | 'move'>;
  /** The size of an object, or undefined when the place answered that there is none. */
  sizeOf(path: string, signal?: AbortSignal): Promise<number | undefined>;
  /** All files below a folder, or undefined when the place answered that the folder does not exist. */
  list(folder: string, signal?: AbortSignal): Promise<readonly RemoteFile[] | undefined>;
  /** Uploads more slowly than the server does, but says why when it cannot. */
  upload(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Moves within the place; replaces a target of another size. */
  move(from: string, to: string, signal?: AbortSignal): Promise<void>;
  remove(path: string, signal?: AbortSignal): Promise<'removed' | 'missing'>;
  createFolders(folders: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Free and total bytes, each only where the place tells. Never throws for a place that does not know. */
  space(signal?: AbortSignal): Promise<{ readonly freeBytes?: number; readonly totalBytes?: number }>;
  close(): Promise<void>;
}

/** One listed file; `path` is relative to the repository's root. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
}
