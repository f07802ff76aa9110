import { lstatSync, readdirSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FSWatcher, watch as watchPath } from 'chokidar';
import { DirtyBatch } from './dirty-batch.ts';
import type { WatchEvent, Watcher, WatchOptions } from './watcher.ts';

/**
 * chokidar as measured: links are not followed (it would leave the tree), `atomic` would hide editors' backup files, and
 * what cannot be read is the scan's business to report.
 */
const CHOKIDAR_OPTIONS = {
  followSymlinks: false,
  atomic: false,
  ignorePermissionErrors: true,
  persistent: true,
} as const;

/**
 * How often each root itself is looked at: a folder that comes back, a disk that is mounted over it or taken away and a link in
 * its place tell the system's watches nothing.
 */
const LOOK_MS = 3000;

/** Watches folders with chokidar, one directory below the root after another, so that the start stays small in memory. */
export class FolderWatcher implements Watcher {
  readonly #tell: (event: WatchEvent) => void;
  readonly #roots = new Map<string, RootWatch>();

  constructor(tell: (event: WatchEvent) => void) {
    this.#tell = tell;
    // These would override the options above.
    for (const name of Object.keys(process.env)) if (name.startsWith('CHOKIDAR_')) delete process.env[name];
  }

  watch(root: string, options: WatchOptions): void {
    if (this.#roots.has(root)) return;
    const watch = new RootWatch(root, options, this.#tell);
    this.#roots.set(root, watch);
    watch.start();
  }

  async unwatch(root: string): Promise<void> {
    const watch = this.#roots.get(root);
    this.#roots.delete(root);
    await watch?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#roots.keys()].map((root) => this.unwatch(root)));
  }
}

class RootWatch {
  readonly #root: string;
  readonly #options: WatchOptions;
  readonly #tell: (event: WatchEvent) => void;
  readonly #batch: DirtyBatch;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Which directory is being watched, or why there is none. */
  #found: Found = { identity: null, reason: '' };
  #looking: NodeJS.Timeout | undefined;
  #closed = false;
  #broken = false;

  constructor(root: string, options: WatchOptions, tell: (event: WatchEvent) => void) {
    this.#root = root;
    this.#options = options;
    this.#tell = tell;
    this.#batch = new DirtyBatch(
      (directories) => tell({ kind: 'dirty', root, directories }),
      () => tell({ kind: 'everything', root, reason: 'Very many files changed at once.' }),
    );
  }

  /** Opens the watch, and does so again whenever another directory stands at the root. */
  start(): void {
    void this.#lookOn('first');
  }

  async #lookOn(time: 'first' | 'again'): Promise<void> {
    await this.#look(time);
    if (!this.#closed && !this.#broken) this.#looking = setTimeout(() => this.#lookOn('again'), LOOK_MS).unref();
  }

  async #look(time: 'first' | 'again'): Promise<void> {
    const found = await identityOf(this.#root);
    if (this.#closed || found === 'unknown' || isSame(found, this.#found)) return;
    this.#gone(); // one that stands in the place of another has come back, too
    this.#found = found;
    await this.#closeWatches();
    if (found.identity === null) return this.#tell({ kind: 'missing', root: this.#root, reason: found.reason });
    if (time === 'again') this.#tell({ kind: 'everything', root: this.#root, reason: 'The folder is there again.' });
    await this.#open();
  }

  async #open(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#add(this.#root, 0);
      for (const entry of readdirSync(this.#root, { withFileTypes: true })) {
        if (this.#closed || this.#broken) return;
        const path = join(this.#root, entry.name);
        if (entry.isDirectory() && !this.#options.ignored?.(path)) await this.#add(path, undefined);
      }
      if (!this.#closed && !this.#broken && this.#found.identity !== null)
        this.#tell({ kind: 'ready', root: this.#root });
    } catch (error) {
      this.#failed(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#looking);
    this.#batch.close();
    await this.#closeWatches();
  }

  async #closeWatches(): Promise<void> {
    const watchers = [...this.#watchers.values()];
    this.#watchers.clear();
    await Promise.all(watchers.map((watcher) => watcher.close()));
  }

  /** Opens a watch and resolves when it is complete. `depth` 0 is the directory alone. */
  #add(path: string, depth: number | undefined, initial: 'known' | 'new' = 'known'): Promise<void> {
    if (this.#watchers.has(path)) return Promise.resolve();
    const { ignored } = this.#options;
    const watcher = watchPath(path, {
      ...CHOKIDAR_OPTIONS,
      // What was made in a new folder before its watch stood is told too.
      ignoreInitial: initial === 'known',
      ...(depth === undefined ? {} : { depth }),
      ...(ignored ? { ignored: (candidate: string) => ignored(candidate) } : {}),
    });
    this.#watchers.set(path, watcher);
    watcher.on('all', (event, changed) => this.#changed(event, changed));
    watcher.on('error', (error) => this.#failed(error));
    return new Promise((resolve) => watcher.once('ready', () => resolve()));
  }

  #changed(event: string, path: string): void {
    if (this.#closed) return;
    if (event === 'unlinkDir' && path === this.#root) {
      this.#gone();
      return;
    }
    if (path !== this.#root) this.#batch.add(dirname(path));
    if (event === 'addDir' || path === this.#root) this.#batch.add(path);
    if (dirname(path) !== this.#root) return;
    if (event === 'addDir') void this.#add(path, undefined, 'new');
    if (event === 'unlinkDir') void this.#drop(path);
  }

  async #drop(path: string): Promise<void> {
    const watcher = this.#watchers.get(path);
    this.#watchers.delete(path);
    await watcher?.close();
  }

  #failed(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && lstatSync(this.#root, { throwIfNoEntry: false }) === undefined) {
      this.#gone();
      return;
    }
    if (code === 'ENOSPC' || code === 'EMFILE') {
      this.#giveUp('It has more folders than this system lets a program watch; it is scanned on the clock instead.');
      return;
    }
    this.#tell({ kind: 'everything', root: this.#root, reason: `The watcher reported an error: ${message}` });
  }

  /** The next look finds whatever stands there then. */
  #gone(): void {
    if (this.#found.identity === null) return;
    this.#found = { identity: null, reason: MISSING };
    this.#tell({ kind: 'missing', root: this.#root, reason: MISSING });
  }

  /** The system's limit shows as one error for each path: the first one counts. */
  #giveUp(reason: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#tell({ kind: 'everything', root: this.#root, reason });
    this.#tell({ kind: 'unwatched', root: this.#root, reason });
    void this.close();
  }
}

const MISSING = 'The folder cannot be found. Its old versions are kept.';

type Found = { readonly identity: string } | { readonly identity: null; readonly reason: string };

function isSame(a: Found, b: Found): boolean {
  if (a.identity === null && b.identity === null) return a.reason === b.reason;
  return a.identity === b.identity;
}

/** What stands at the path: another directory has another identity. A link is not followed, as a backup does not either. */
async function identityOf(path: string): Promise<Found | 'unknown'> {
  try {
    const found = await lstat(path, { bigint: true });
    if (found.isDirectory()) return { identity: `${found.dev}:${found.ino}` };
    const what = found.isSymbolicLink() ? 'A link' : 'Something else';
    return { identity: null, reason: `${what} has taken the place of the folder. Its old versions are kept.` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return 'unknown';
    return { identity: null, reason: MISSING };
  }
}
