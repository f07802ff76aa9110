import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../clock.ts';
import { isId } from '../ids.ts';
import { readWhole } from './local-files.ts';
import type { FileName, FileType, StoredFile, WriteStore } from './store.ts';

/** Small immutable files that every command reads whole; packs are too big, keys and locks must always be asked for. */
const CACHED: ReadonlySet<FileType> = new Set(['index', 'snapshots']);

export interface CacheOptions {
  /** A folder for this one destination; made when needed. Losing it costs time, nothing else. */
  readonly folder: string;
  readonly random: Random;
  /** Which of the rooms that can be kept; all of them when absent. */
  readonly rooms?: ReadonlySet<FileType>;
}

/**
 * Keeps what was read of a remote place on this disk, sealed as it is there. A cached file counts only when its hash is
 * its name; whether it still exists is decided by the listing of the place, never by the cache. The cache never fails a
 * call: what cannot be kept is fetched again.
 */
export function cached(store: WriteStore, options: CacheOptions): WriteStore {
  const cache = new FolderCache(options);
  const isKept = (type: FileType): boolean => CACHED.has(type) && (options.rooms?.has(type) ?? true);
  const { putAfter, showsAtOnce } = store;
  return {
    location: store.location,
    capabilities: store.capabilities,
    async list(type, signal) {
      const files = await store.list(type, signal);
      if (isKept(type)) await cache.keepOnly(type, files);
      return files;
    },
    async get(name, range, signal) {
      if (!isKept(name.type)) return store.get(name, range, signal);
      const whole = (await cache.read(name)) ?? (await fetchInto(cache, store, name, signal));
      if (range === undefined) return whole;
      if (range.offset + range.length <= whole.length) return whole.slice(range.offset, range.offset + range.length);
      return store.get(name, range, signal);
    },
    async put(name, bytes, signal) {
      await store.put(name, bytes, signal);
      if (isKept(name.type)) await cache.write(name, bytes);
    },
    ...(putAfter && {
      async putAfter(name, bytes, ready, signal) {
        await putAfter.call(store, name, bytes, ready, signal);
        if (isKept(name.type)) await cache.write(name, bytes);
      },
    }),
    ...(showsAtOnce && { showsAtOnce: () => showsAtOnce.call(store) }),
    async remove(name, signal) {
      if (isKept(name.type)) await cache.forget(name);
      await store.remove(name, signal);
    },
    create: (signal) => store.create(signal),
    replaceConfig: (bytes, signal) => store.replaceConfig(bytes, signal),
    stat: (signal) => store.stat(signal),
    close: () => store.close(),
  };
}

async function fetchInto(
  cache: FolderCache,
  store: WriteStore,
  name: FileName,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await store.get(name, undefined, signal);
  await cache.write(name, bytes);
  return bytes;
}

class FolderCache {
  readonly #folder: string;
  readonly #random: Random;

  constructor({ folder, random }: CacheOptions) {
    this.#folder = folder;
    this.#random = random;
  }

  async read(name: FileName): Promise<Uint8Array | undefined> {
    const bytes = await readWhole(this.#path(name)).catch(() => undefined);
    if (bytes === undefined || isNamed(name, bytes)) return bytes;
    await this.forget(name);
    return undefined;
  }

  /** Not forced to the disk: a file that a power cut damages fails its hash and is fetched again. */
  async write(name: FileName, bytes: Uint8Array): Promise<void> {
    if (!isId(name.id) || !isNamed(name, bytes)) return;
    const temporary = `${this.#path(name)}-${Buffer.from(this.#random(6)).toString('hex')}`;
    try {
      await mkdir(join(this.#folder, name.type), { recursive: true, mode: 0o700 });
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, this.#path(name));
    } catch {
      await unlink(temporary).catch(() => undefined);
    }
  }

  async forget(name: FileName): Promise<void> {
    await unlink(this.#path(name)).catch(() => undefined);
  }

  /** Drops what the place no longer has, and leftovers of interrupted writes with it. */
  async keepOnly(type: FileType, files: readonly StoredFile[]): Promise<void> {
    const folder = join(this.#folder, type);
    const names = await readdir(folder).catch(() => []);
    if (names.length === 0) return;
    const present = new Set(files.map(({ id }) => id));
    for (const name of names) if (!present.has(name)) await unlink(join(folder, name)).catch(() => undefined);
  }

  #path(name: FileName): string {
    return join(this.#folder, name.type, name.id);
  }
}

function isNamed(name: FileName, bytes: Uint8Array): boolean {
  return createHash('sha256').update(bytes).digest('hex') === name.id;
}
