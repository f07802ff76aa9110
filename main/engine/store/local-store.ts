import { chmod, link, lstat, mkdir, readdir, rename, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import { TriplicateError, throwIfCancelled } from '../errors.ts';
import { isId } from '../ids.ts';
import { fileError, systemCode } from './file-errors.ts';
import { BTRFS, EXT, F2FS, OVERLAY, TMPFS, XFS, ZFS } from './file-system-types.ts';
import {
  describeFile,
  eachOnce,
  folderOf,
  isOldLeftover,
  OURS_ALONE,
  pathOf,
  repositoryFolders,
  TEMPORARY_BYTES,
  temporaryName,
} from './layout.ts';
import { readWhole, syncFolder, writeDurably } from './local-files.ts';
import { makeFolder } from './make-folder.ts';
import {
  type ByteRange,
  CONFIG_FILE,
  type FileName,
  type FileType,
  type StoreCapabilities,
  type StoredFile,
  type StoreStatus,
  type WriteStore,
} from './store.ts';

export interface LocalStoreOptions {
  readonly clock: Clock;
  /** Fills a fresh buffer; temporary names come from it. */
  readonly random: (length: number) => Uint8Array;
}

/** Folder and file modes; a repository shared with a group says so by the mode of its `config` (format, section 1). */
interface Modes {
  readonly folder: number;
  readonly file: number;
}
const PRIVATE: Modes = { folder: 0o700, file: 0o400 };
const GROUP: Modes = { folder: 0o770, file: 0o440 };

/**
 * Kinds of file systems (statfs(2)) that keep files on this machine's own disks: what one program has put into a folder, the next
 * listing by another shows. A share of another machine may show it later.
 */
const OWN_DISKS = new Set([EXT, XFS, BTRFS, F2FS, ZFS, TMPFS, OVERLAY]);

/** How many files are looked at side by side while listing: keeps the thread pool busy without a promise a file. */
const LIST_BATCH = 64;

/** The repository folder at an absolute `path`. Nothing is touched until the first call. */
export function openLocalStore(path: string, options: LocalStoreOptions): WriteStore {
  return new LocalStore(path, options);
}

/**
 * A folder on a disk, in restic's layout and with restic's write sequence: temporary name in the same folder, write,
 * fsync, rename, fsync of the folder, mode 0400. `config` alone gets its name only where there is none. A disk that was
 * unplugged leaves either no folder or an empty mount point, so a missing file is believed only after the root and its
 * `config` were seen.
 */
class LocalStore implements WriteStore {
  readonly location: string;
  readonly capabilities: StoreCapabilities = { connections: 8, remote: false };
  readonly #clock: Clock;
  readonly #random: (length: number) => Uint8Array;
  #modes: Modes | undefined;
  #leftovers: string[] = [];

  constructor(path: string, options: LocalStoreOptions) {
    this.location = path;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  async showsAtOnce(): Promise<boolean> {
    if (process.platform !== 'linux') return false;
    return statfs(this.location).then(
      ({ type }) => OWN_DISKS.has(type),
      () => false,
    );
  }

  async create(signal?: AbortSignal): Promise<void> {
    try {
      throwIfCancelled(signal);
      makeFolder(this.location, PRIVATE.folder);
      const { folder } = await this.#readModes();
      for (const name of repositoryFolders()) {
        await mkdir(join(this.location, name), { mode: folder }).catch(ignoring('EEXIST'));
      }
      await syncFolder(join(this.location, 'data'));
      await syncFolder(this.location);
      await syncFolder(dirname(this.location));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError(error, 'write', this.location);
      throw new TriplicateError('store/bad-location', `No folder can be made at ${this.location}.`, { cause: error });
    }
  }

  async list(type: FileType, signal?: AbortSignal): Promise<readonly StoredFile[]> {
    throwIfCancelled(signal);
    if (type === 'config') return this.#listConfig();
    const found: StoredFile[] = [];
    let vanished = await this.#listFolder(type, found, signal);
    if (type === 'data' && !vanished) {
      for (const shard of await this.#shards()) {
        vanished = (await this.#listFolder(join('data', shard), found, signal)) || vanished;
      }
    }
    // Something was missing on the way: fine in a repository that is still there, never proof of emptiness.
    if (vanished) await this.#assertPresent();
    return eachOnce(found);
  }

  async get(name: FileName, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    const path = join(this.location, pathOf(name));
    try {
      return await readWhole(path, range);
    } catch (error) {
      throw await this.#explain(error, 'read', name);
    }
  }

  async put(name: FileName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    if (name.type === 'config') {
      await this.#refuseOtherConfig(bytes);
      await this.#assertCreated();
    }
    const switchIn = (temporary: string): Promise<void> => this.#claimConfig(temporary, bytes);
    await this.#write(name, bytes, { signal, ...(name.type === 'config' ? { switchIn } : {}) });
    await this.#sweepLeftovers();
  }

  async replaceConfig(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    await this.#assertPresent();
    // Taken from the old one before it goes.
    await this.#readModes();
    // Windows refuses to rename over a read-only file.
    const path = join(this.location, pathOf(CONFIG_FILE));
    await chmod(path, 0o600).catch(ignoring('EPERM', 'ENOTSUP', 'EINVAL', 'ENOSYS', 'EROFS', 'ENOENT'));
    await this.#write(CONFIG_FILE, bytes, { signal });
  }

  async #write(
    name: FileName,
    bytes: Uint8Array,
    { signal, switchIn = rename }: { readonly signal: AbortSignal | undefined; readonly switchIn?: SwitchIn },
  ): Promise<void> {
    const path = join(this.location, pathOf(name));
    const temporary = temporaryName(path, this.#clock.now(), this.#random(TEMPORARY_BYTES));
    try {
      const { file } = await this.#readModes();
      await writeDurably(temporary, bytes).catch(async (error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
        await this.#createFolderOf(name);
        await writeDurably(temporary, bytes);
      });
      throwIfCancelled(signal);
      await switchIn(temporary, path);
      await syncFolder(dirname(path)).catch(async (error: unknown) => {
        // Its name may be gone after a power cut, and until then later runs would take it for stored.
        if (OURS_ALONE.has(name.type)) await unlink(path).catch(() => undefined);
        throw error;
      });
      // Another program may have removed it at once, as one does that has cleared the lock under which it was stored.
      await chmod(path, file).catch(ignoring('EPERM', 'ENOTSUP', 'EINVAL', 'ENOSYS', 'ENOENT'));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw await this.#explain(error, 'write', name);
    }
  }

  async remove(name: FileName, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    const path = join(this.location, pathOf(name));
    try {
      // Windows and some network shares refuse to remove a read-only file; restic does the same.
      await chmod(path, 0o600).catch(ignoring('EPERM', 'ENOTSUP', 'EINVAL', 'ENOSYS', 'EROFS'));
      await unlink(path);
    } catch (error) {
      throw await this.#explain(error, 'remove', name);
    }
    await this.#sweepLeftovers();
  }

  async stat(signal?: AbortSignal): Promise<StoreStatus> {
    throwIfCancelled(signal);
    const before = this.#clock.now();
    try {
      const config = await lstat(join(this.location, 'config')).catch(ignoring('ENOENT'));
      // A folder that is still to be made lies on the file system of its parent; with no parent there is no place.
      const space = await statfs(this.location).catch(async (error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
        return statfs(dirname(this.location));
      });
      return {
        freeBytes: space.bavail * space.bsize,
        totalBytes: space.blocks * space.bsize,
        latencyMs: Number(this.#clock.now() - before) / 1e6,
        repository: config === undefined ? 'absent' : 'present',
      };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw this.#unreachable(error);
      throw fileError(error, 'look at', this.location);
    }
  }

  async close(): Promise<void> {}

  async #listConfig(): Promise<readonly StoredFile[]> {
    try {
      const { size } = await lstat(join(this.location, 'config'));
      return [{ id: '', size }];
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError(error, 'list', this.location);
      await this.#assertRoot();
      return [];
    }
  }

  /** Adds the objects of one folder; true when the folder or an entry of it was not there. */
  async #listFolder(folder: string, found: StoredFile[], signal?: AbortSignal): Promise<boolean> {
    const path = join(this.location, folder);
    try {
      const names = await readdir(path);
      for (const name of names) if (isOldLeftover(name, this.#clock.now())) this.#leftovers.push(join(path, name));
      const ids = names.filter(isId);
      let vanished = false;
      for (let start = 0; start < ids.length; start += LIST_BATCH) {
        throwIfCancelled(signal);
        const batch = ids.slice(start, start + LIST_BATCH);
        const infos = await Promise.all(batch.map((id) => lstat(join(path, id)).catch(ignoring('ENOENT'))));
        infos.forEach((info, position) => {
          const id = batch[position];
          if (info === undefined) vanished = true;
          else if (info.isFile() && id !== undefined) found.push({ id, size: info.size });
        });
      }
      return vanished;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return true;
      throw fileError(error, 'list', path);
    }
  }

  async #shards(): Promise<readonly string[]> {
    const path = join(this.location, 'data');
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') await this.#assertPresent();
      throw fileError(error, 'list', path);
    }
  }

  /** Makes the folder of an object in a repository that is really there, never in an empty mount point. */
  async #createFolderOf(name: FileName): Promise<void> {
    await this.#assertPresent();
    const { folder } = await this.#readModes();
    const path = join(this.location, folderOf(name));
    if (name.type === 'data') {
      await mkdir(dirname(path), { mode: folder }).catch(ignoring('EEXIST'));
      await syncFolder(this.location);
    }
    await mkdir(path, { mode: folder }).catch(ignoring('EEXIST'));
    await syncFolder(dirname(path));
  }

  /** Gives the file the name `config`, of two programs that do so at the same moment only to one. */
  async #claimConfig(temporary: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.location, pathOf(CONFIG_FILE));
    try {
      await link(temporary, path);
      await unlink(temporary).catch(() => undefined);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') await unlink(temporary);
      else {
        // No hard links here, which has many names: a mounted remote calls it EIO. If it is another trouble, so says the rename.
        await this.#refuseOtherConfig(bytes);
        await rename(temporary, path);
      }
      // Another program may have been quicker, or replaced it already.
      this.#expectConfig(await readWhole(path), bytes);
    }
  }

  /** `config` is the one object that is not named by its content: another one must never be overwritten. */
  async #refuseOtherConfig(bytes: Uint8Array): Promise<void> {
    const existing = await readWhole(join(this.location, 'config')).catch(() => undefined);
    if (existing !== undefined) this.#expectConfig(existing, bytes);
  }

  #expectConfig(existing: Uint8Array, bytes: Uint8Array): void {
    if (Buffer.compare(existing, bytes) === 0) return;
    throw new TriplicateError('store/exists', `There is already a repository at ${this.location}.`);
  }

  /**
   * The config lies right in the root, so an empty mount point would take it, and be a repository from then on: the disk
   * that was here when `create` made the folders must still be.
   */
  async #assertCreated(): Promise<void> {
    await stat(join(this.location, 'keys')).catch((error: unknown) => {
      throw systemCode(error) === 'ENOENT' ? this.#unreachable(error) : fileError(error, 'write', this.location);
    });
  }

  async #readModes(): Promise<Modes> {
    if (this.#modes) return this.#modes;
    const config = await lstat(join(this.location, 'config')).catch(() => undefined);
    if (config === undefined) return PRIVATE;
    this.#modes = (config.mode & 0o040) === 0 ? PRIVATE : GROUP;
    return this.#modes;
  }

  /** The error for a failed call on one object; a missing one is believed only when the repository is there. */
  async #explain(error: unknown, action: 'read' | 'write' | 'remove', name: FileName): Promise<TriplicateError> {
    const path = join(this.location, pathOf(name));
    if (systemCode(error) !== 'ENOENT') return fileError(error, action, path);
    try {
      await (name.type === 'config' ? this.#assertRoot() : this.#assertPresent());
    } catch (away) {
      return fileError(away, action, path);
    }
    if (action === 'write') return this.#unreachable(error);
    const what = describeFile(name.type, name.id);
    return new TriplicateError('store/not-found', `${what} is not at ${this.location}.`, { data: { ...name, path } });
  }

  async #assertRoot(): Promise<void> {
    try {
      if ((await stat(this.location)).isDirectory()) return;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw this.#unreachable(error);
      throw fileError(error, 'look at', this.location);
    }
    throw new TriplicateError('store/bad-location', `${this.location} is a file, not a folder.`);
  }

  /** Throws unless root and `config` are there: an empty folder may be the mount point of a disk that is away. */
  async #assertPresent(): Promise<void> {
    await this.#assertRoot();
    try {
      await lstat(join(this.location, 'config'));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError(error, 'look at', this.location);
      throw new TriplicateError('repo/not-a-repository', `There is no repository at ${this.location}.`, {
        hint: 'If this is a disk, check that it is connected and mounted; otherwise check the location.',
      });
    }
  }

  #unreachable(cause: unknown): TriplicateError {
    return new TriplicateError('store/unreachable', `${this.location} is not there: the disk may be away.`, { cause });
  }

  /** Removes what interrupted writes of ours left behind and a listing met. */
  async #sweepLeftovers(): Promise<void> {
    for (const path of this.#leftovers.splice(0)) await unlink(path).catch(() => undefined);
  }
}

/** Gives a file that was written under a temporary name its final one. */
type SwitchIn = (temporary: string, path: string) => Promise<void>;

/** A handler that turns the named system errors into `undefined` and passes all others on. */
function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    const code = systemCode(error);
    if (code === undefined || !codes.includes(code)) throw error;
    return undefined;
  };
}
