import { lstatSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { chokidarTree } from './chokidar-tree.ts';
import { DirtyBatch } from './dirty-batch.ts';
import { inotifyTree } from './inotify-tree.ts';
import { type Found, identityOf, isSame, MISSING } from './root-identity.ts';
import type { OpenTreeWatch, TreeWatch } from './tree-watch.ts';
import type { WatchEvent, Watcher, WatchOptions } from './watcher.ts';

/**
 * How often each root itself is looked at: a folder that comes back, a disk that is mounted over it or taken away and a link in
 * its place tell the system's watches nothing.
 */
const LOOK_MS = 3000;

/** Watches folders, each in the way of this system. */
export class FolderWatcher implements Watcher {
  readonly #tell: (event: WatchEvent) => void;
  readonly #openTree: OpenTreeWatch;
  readonly #roots = new Map<string, RootWatch>();

  constructor(tell: (event: WatchEvent) => void, openTree = process.platform === 'linux' ? inotifyTree : chokidarTree) {
    this.#tell = tell;
    this.#openTree = openTree;
  }

  watch(root: string, options: WatchOptions): void {
    if (this.#roots.has(root)) return;
    const watch = new RootWatch(root, options, this.#tell, this.#openTree);
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
  readonly #openTree: OpenTreeWatch;
  readonly #batch: DirtyBatch;
  #tree: TreeWatch | undefined;
  /** Which directory is being watched, or why there is none. */
  #found: Found = { identity: null, reason: '' };
  /** It is there and may not be read. */
  #isClosedToUs = false;
  #looking: NodeJS.Timeout | undefined;
  #closed = false;
  #broken = false;

  constructor(root: string, options: WatchOptions, tell: (event: WatchEvent) => void, openTree: OpenTreeWatch) {
    this.#root = root;
    this.#options = options;
    this.#tell = tell;
    this.#openTree = openTree;
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
    const isOpenAgain = this.#isClosedToUs && (await mayRead(this.#root));
    if (this.#closed || found === 'unknown') return;
    if (isSame(found, this.#found) && !isOpenAgain) return this.#tree?.look();
    if (!isSame(found, this.#found)) this.#gone(); // one that stands in the place of another has come back, too
    this.#found = found;
    await this.#closeTree();
    if (found.identity === null) return this.#tell({ kind: 'missing', root: this.#root, reason: found.reason });
    if (time === 'again') this.#tell({ kind: 'everything', root: this.#root, reason: 'The folder is there again.' });
    await this.#open();
  }

  async #open(): Promise<void> {
    if (this.#closed) return;
    const { ignored = () => false } = this.#options;
    const tree = this.#openTree(this.#root, ignored, {
      dirty: (directory, entry) => this.#batch.add(directory, entry),
      gone: () => this.#gone(),
      failed: (error) => this.#failed(error),
    });
    this.#tree = tree;
    try {
      const how = await tree.open();
      if (this.#closed || this.#broken || this.#tree !== tree || this.#found.identity === null) return;
      this.#isClosedToUs = how === 'closed';
      if (how === 'watched') this.#tell({ kind: 'ready', root: this.#root });
      else this.#tell({ kind: 'unwatched', root: this.#root, reason: 'The folder cannot be read.' });
    } catch (error) {
      this.#failed(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#looking);
    this.#batch.close();
    await this.#closeTree();
  }

  async #closeTree(): Promise<void> {
    const tree = this.#tree;
    this.#tree = undefined;
    await tree?.close();
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

async function mayRead(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
