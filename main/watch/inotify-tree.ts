import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { mountsBelow } from './mounts-below.ts';
import type { OpenTreeWatch, TreeWatch, TreeWatchListener } from './tree-watch.ts';

/** Directories that are looked into at the same time. */
const AT_ONCE = 16;

/** Paths and names here are strings of one character a byte: not all names are text. */
const bytes = (path: string): Buffer => Buffer.from(path, 'latin1');
const text = (path: string): string => bytes(path).toString('utf8');

export const inotifyTree: OpenTreeWatch = (root, ignored, listener) => new InotifyTree(root, ignored, listener);

interface Watched {
  readonly path: string;
  /** Tells it from another directory of the same path, unless that has got its number. */
  readonly identity: string;
  /** Tells the two apart then. */
  readonly born: bigint;
  readonly watcher: FSWatcher;
  readonly above: Watched | null;
  readonly below: Map<string, Watched>;
  /** Names of directories that may not be read; they may be one day. */
  readonly closed: Set<string>;
  /** `left`: what was watched has perhaps gone, though the path and even the number of its inode are in use again. */
  state: 'watched' | 'left' | 'ended';
}

/**
 * Watches each directory with the system's own watch. Whatever that tells makes the directory dirty: a change of permissions,
 * owners or attributes too, and one of content whose time was put back.
 */
class InotifyTree implements TreeWatch {
  readonly #root: string;
  readonly #ignored: (path: string) => boolean;
  readonly #listener: TreeWatchListener;
  #top: Watched | undefined;
  /** What is being looked at, one after the other: two looks at one name must not cross. */
  #looks: Promise<void> = Promise.resolve();
  #mounts: ReadonlyMap<string, string> = new Map();
  #closed = false;

  constructor(root: string, ignored: (path: string) => boolean, listener: TreeWatchListener) {
    this.#root = Buffer.from(root).toString('latin1');
    this.#ignored = ignored;
    this.#listener = listener;
  }

  async open(): Promise<'watched' | 'closed'> {
    this.#mounts = await mountsBelow(this.#root);
    this.#top = await this.#begin(this.#root, null);
    if (!this.#top) return 'closed';
    await this.#watchBelow([this.#top], 'known');
    // What was made meanwhile is watched as well then.
    await this.#looks;
    return 'watched';
  }

  /** A disk or share that is mounted over a watched directory, or taken away, tells the system's watches nothing. */
  async look(): Promise<void> {
    const before = this.#mounts;
    const now = await mountsBelow(this.#root);
    this.#mounts = now;
    for (const path of new Set([...before.keys(), ...now.keys()])) {
      if (before.get(path) === now.get(path) || this.#ignored(text(path))) continue;
      const above = this.#find(path.slice(0, path.lastIndexOf('/')));
      if (!above) continue;
      this.#listener.dirty(text(above.path), null);
      this.#soon(() => this.#lookAgain(above, nameOf(path)));
    }
  }

  #find(path: string): Watched | undefined {
    let at = this.#top;
    for (const name of path.slice(this.#root.length).split('/').filter(Boolean)) at = at?.below.get(name);
    return at;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#top) end(this.#top);
  }

  /** Watches one directory; undefined when it is gone, or may not be read. */
  async #begin(path: string, above: Watched | null): Promise<Watched | undefined> {
    const name = nameOf(path);
    try {
      const { dev, ino, birthtimeNs } = await lstat(bytes(path), { bigint: true });
      if (this.#closed || above?.state === 'ended' || above?.below.has(name)) return undefined;
      const watcher = watch(bytes(path), { encoding: 'latin1' });
      const watched: Watched = {
        path,
        identity: `${dev}:${ino}`,
        born: birthtimeNs,
        watcher,
        above,
        below: new Map(),
        closed: new Set(),
        state: 'watched',
      };
      watcher.on('change', (event, changed) => this.#noticed(watched, event, changed as string | null));
      watcher.on('error', (error) => this.#failed(error));
      above?.closed.delete(name);
      above?.below.set(name, watched);
      return watched;
    } catch (error) {
      this.#notRead(error, name, above);
      return undefined;
    }
  }

  /** Level by level. `new`: what was made there before the watch stood is told. */
  async #watchBelow(first: readonly Watched[], age: 'known' | 'new'): Promise<void> {
    const waiting = [...first];
    while (waiting.length > 0 && !this.#closed) {
      const found = await Promise.all(waiting.splice(0, AT_ONCE).map((one) => this.#lookInto(one, age)));
      waiting.push(...found.flat());
    }
  }

  async #lookInto(watched: Watched, age: 'known' | 'new'): Promise<readonly Watched[]> {
    if (age === 'new') this.#listener.dirty(text(watched.path), null);
    let names: readonly string[];
    try {
      const entries = await readdir(bytes(watched.path), { withFileTypes: true, encoding: 'latin1' as 'utf8' });
      names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    } catch (error) {
      this.#notRead(error, '', null);
      return [];
    }
    const begun: Watched[] = [];
    for (const name of names) {
      const path = pathIn(watched, name);
      if (watched.below.has(name) || this.#ignored(text(path))) continue;
      const one = await this.#begin(path, watched);
      if (one) begun.push(one);
    }
    return begun;
  }

  #noticed(watched: Watched, event: string, name: string | null): void {
    if (this.#closed) return;
    if (name !== null && this.#ignored(text(pathIn(watched, name)))) return;
    this.#listener.dirty(text(watched.path), name);
    if (name === null || (event !== 'rename' && !watched.closed.has(name))) return;
    this.#soon(() => this.#lookAgain(watched, name));
    // By its own name the system tells of the directory itself as well: that it was removed, and changes of its permissions.
    if (name === nameOf(watched.path)) this.#soon(() => this.#lookAtItself(watched));
  }

  #soon(look: () => Promise<void>): void {
    this.#looks = this.#looks.then(look).catch((error) => this.#failed(error));
  }

  async #lookAtItself(watched: Watched): Promise<void> {
    const found = await lstat(bytes(watched.path), { bigint: true }).catch(() => undefined);
    if (this.#closed || watched.state === 'ended') return;
    if (found && `${found.dev}:${found.ino}` === watched.identity && found.birthtimeNs === watched.born) return;
    watched.state = 'left';
    if (watched.above) await this.#lookAgain(watched.above, nameOf(watched.path));
    else this.#listener.gone();
  }

  /** Another directory may have this name now, or none. */
  async #lookAgain(watched: Watched, name: string): Promise<void> {
    const path = pathIn(watched, name);
    const identity = await identityOf(path);
    if (this.#closed || watched.state === 'ended') return;
    const known = watched.below.get(name);
    if (known?.state === 'watched' && known.identity === identity) return;
    if (known) {
      watched.below.delete(name);
      end(known);
    }
    if (identity === null) {
      watched.closed.delete(name);
      return;
    }
    const one = await this.#begin(path, watched);
    if (one) await this.#watchBelow([one], 'new');
  }

  #notRead(error: unknown, name: string, above: Watched | null): void {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') above?.closed.add(name);
    else if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#failed(error);
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.#listener.failed(error);
  }
}

function end(watched: Watched): void {
  watched.state = 'ended';
  watched.watcher.close();
  for (const one of watched.below.values()) end(one);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function pathIn({ path }: Watched, name: string): string {
  return `${path === '/' ? '' : path}/${name}`;
}

/** Null where there is no directory. */
async function identityOf(path: string): Promise<string | null> {
  const found = await lstat(bytes(path), { bigint: true }).catch(() => undefined);
  return found?.isDirectory() ? `${found.dev}:${found.ino}` : null;
}
