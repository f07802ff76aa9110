import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { TriplicateError } from '../engine/errors.ts';
import type { AppPorts } from './ports.ts';

interface Entry {
  name: string;
  path: string;
}

/** Folders of this machine, for hosts without a chooser of the system, and suggestions for the guide. */
export class Places {
  readonly #home: string;

  constructor(ports: Pick<AppPorts, 'homeFolder'>) {
    this.#home = ports.homeFolder;
  }

  /** One directory, directories only. @throws `path/not-found`, `source/unreadable` */
  async browse(
    path: string | undefined,
    which: 'visible' | 'with-hidden',
  ): Promise<{ path: string; parent: string | null; entries: Entry[]; shortcuts: { label: string; path: string }[] }> {
    const here = resolve(path ?? this.#home);
    const entries = await readdir(here, { withFileTypes: true }).catch((error) => {
      throw readError(here, error);
    });
    const named = await Promise.all(
      entries
        .filter(({ name }) => which === 'with-hidden' || !name.startsWith('.'))
        .map(async (entry) => ({ name: entry.name, path: join(here, entry.name), isDirectory: entry.isDirectory() })),
    );
    const directories = named
      .filter((entry) => entry.isDirectory)
      .map(({ name, path: full }) => ({ name, path: full }));
    directories.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true, sensitivity: 'base' }));
    const parent = dirname(here);
    return {
      path: here,
      parent: parent === here ? null : parent,
      entries: directories,
      shortcuts: await this.#shortcuts(),
    };
  }

  async createFolder(parent: string, name: string): Promise<string> {
    if (name === '.' || name === '..' || /[/\\\0]/.test(name) || !isAbsolute(parent)) {
      throw new TriplicateError('app/invalid', 'A folder name has no slashes.');
    }
    const path = join(parent, name);
    try {
      await mkdir(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
        throw new TriplicateError('app/exists', `${path} is there already.`);
      }
      throw readError(parent, error);
    }
    return path;
  }

  async suggestFolders(): Promise<{ label: string; path: string; bytes: number | null; recommended: boolean }[]> {
    const names = ['Documents', 'Pictures', 'Desktop', 'Music', 'Videos', 'Downloads'];
    const found = await Promise.all(names.map(async (label) => ({ label, path: join(this.#home, label) })));
    const existing = [];
    for (const place of found) if (await isDirectory(place.path)) existing.push(place);
    const suggested = await Promise.all(
      existing.map(async (place) => ({
        ...place,
        bytes: null,
        // An empty one protects nothing, and would only stand among the others.
        recommended: !['Downloads', 'Videos'].includes(place.label) && !(await isEmpty(place.path)),
      })),
    );
    return [
      ...suggested,
      {
        label: 'Everything in your home',
        path: this.#home,
        bytes: null,
        recommended: !suggested.some(({ recommended }) => recommended),
      },
    ];
  }

  async #shortcuts(): Promise<{ label: string; path: string }[]> {
    const candidates = [
      { label: 'Home', path: this.#home },
      ...['Documents', 'Pictures', 'Desktop'].map((label) => ({ label, path: join(this.#home, label) })),
      ...['/media', '/mnt', '/run/media', '/Volumes', '/srv'].map((path) => ({ label: path, path })),
      { label: 'Computer', path: resolve('/') },
    ];
    const there = await Promise.all(candidates.map(async (one) => ((await isDirectory(one.path)) ? one : undefined)));
    return there.filter((one) => one !== undefined);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function isEmpty(path: string): Promise<boolean> {
  return readdir(path).then(
    (names) => names.every((name) => name === '.DS_Store' || name === 'desktop.ini'),
    () => true,
  );
}

function readError(path: string, error: unknown): TriplicateError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new TriplicateError('path/not-found', `There is no folder ${path}.`);
  return new TriplicateError('source/unreadable', `The folder ${path} cannot be opened.`, {
    cause: error,
    data: { path },
  });
}
