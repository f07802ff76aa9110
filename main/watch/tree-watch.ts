/** Watches one directory tree, which stands at the root now. */
export interface TreeWatch {
  /** Resolves when all of it is watched; `closed`: its root may not be read. What else fails is told. */
  open(): Promise<'watched' | 'closed'>;
  /** Looks for what the system's watches do not tell. Called every few seconds. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** What the watch of a tree has to tell. Paths are as a person reads them. */
export interface TreeWatchListener {
  /** Something was noticed of entries of this directory, or it is new. `entry`: its name, where it is known. */
  dirty(directory: string, entry: string | null): void;
  /** The directory at the root was removed or moved. */
  gone(): void;
  failed(error: unknown): void;
}

export type OpenTreeWatch = (
  root: string,
  ignored: (path: string) => boolean,
  listener: TreeWatchListener,
) => TreeWatch;
