import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FSWatcher, watch as watchPath } from 'chokidar';
import type { OpenTreeWatch, TreeWatch, TreeWatchListener } from './tree-watch.ts';

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

// These would override the options above.
for (const name of Object.keys(process.env)) if (name.startsWith('CHOKIDAR_')) delete process.env[name];

export const chokidarTree: OpenTreeWatch = (root, ignored, listener) => new ChokidarTree(root, ignored, listener);

/** Watches with chokidar, one directory below the root after another, so that the start stays small in memory. */
class ChokidarTree implements TreeWatch {
  readonly #root: string;
  readonly #ignored: (path: string) => boolean;
  readonly #listener: TreeWatchListener;
  readonly #watchers = new Map<string, FSWatcher>();
  #closed = false;

  constructor(root: string, ignored: (path: string) => boolean, listener: TreeWatchListener) {
    this.#root = root;
    this.#ignored = ignored;
    this.#listener = listener;
  }

  async open(): Promise<'watched'> {
    await this.#add(this.#root, 0);
    for (const entry of readdirSync(this.#root, { withFileTypes: true })) {
      if (this.#closed) break;
      const path = join(this.#root, entry.name);
      if (entry.isDirectory() && !this.#ignored(path)) await this.#add(path, undefined);
    }
    return 'watched';
  }

  async look(): Promise<void> {
    // Nothing is known that it could look for.
  }

  async close(): Promise<void> {
    this.#closed = true;
    const watchers = [...this.#watchers.values()];
    this.#watchers.clear();
    await Promise.all(watchers.map((watcher) => watcher.close()));
  }

  /** Opens a watch and resolves when it is complete. `depth` 0 is the directory alone. */
  #add(path: string, depth: number | undefined, initial: 'known' | 'new' = 'known'): Promise<void> {
    if (this.#watchers.has(path)) return Promise.resolve();
    const watcher = watchPath(path, {
      ...CHOKIDAR_OPTIONS,
      // What was made in a new folder before its watch stood is told too.
      ignoreInitial: initial === 'known',
      ...(depth === undefined ? {} : { depth }),
      ignored: (candidate: string) => this.#ignored(candidate),
    });
    this.#watchers.set(path, watcher);
    watcher.on('all', (event, changed) => this.#changed(event, changed));
    watcher.on('error', (error) => this.#listener.failed(error));
    return new Promise((resolve) => watcher.once('ready', () => resolve()));
  }

  #changed(event: string, path: string): void {
    if (this.#closed) return;
    if (event === 'unlinkDir' && path === this.#root) return this.#listener.gone();
    if (path !== this.#root) this.#listener.dirty(dirname(path), path);
    if (event === 'addDir' || path === this.#root) this.#listener.dirty(path, null);
    if (dirname(path) !== this.#root) return;
    if (event === 'addDir') void this.#add(path, undefined, 'new');
    if (event === 'unlinkDir') void this.#drop(path);
  }

  async #drop(path: string): Promise<void> {
    const watcher = this.#watchers.get(path);
    this.#watchers.delete(path);
    await watcher?.close();
  }
}
