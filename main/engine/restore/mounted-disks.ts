import { statSync } from 'node:fs';
import { type EntryColumns, type EntryTable, liesInTarget } from './entry-table.ts';
import { NO_ENTRY, ROOT } from './folder-table.ts';
import type { PathBytes } from './restore-messages.ts';
import type { TargetPaths } from './target-paths.ts';

/** Another disk that is mounted in a folder of the target. */
export interface MountedDisk {
  readonly path: PathBytes;
  readonly device: number;
}

/** By the number of the folder. */
export type MountedDisks = ReadonlyMap<number, MountedDisk>;

/** While a restore is planned: notes which folders of the target are on another disk than those that they are in. */
export class FoundDisks {
  readonly #table: EntryTable;
  readonly #device: number;
  /** By entry; almost always empty. */
  readonly devices = new Map<number, number>();

  /** @param device that of the target */
  constructor(table: EntryTable, device: number) {
    this.#table = table;
    this.#device = device;
  }

  /** @param entry a folder that is there @param device where it lies */
  note(entry: number, device: number): void {
    if (this.#deviceAbove(entry) !== device) this.devices.set(entry, device);
  }

  #deviceAbove(entry: number): number {
    const { folders, folderOf } = this.#table;
    if (this.devices.size === 0) return this.#device;
    for (let folder = folderOf[entry] as number; folder !== ROOT; folder = folders.parents[folder] as number) {
      const device = this.devices.get(folders.entries[folder] as number);
      if (device !== undefined) return device;
    }
    return this.#device;
  }
}

/** Those disks that the restore changes anything on. What else is mounted is none of its business, and may hang. */
export function disksInUse(table: EntryTable, paths: TargetPaths, devices: ReadonlyMap<number, number>): MountedDisks {
  const disks = new Map<number, MountedDisk>();
  if (devices.size === 0) return disks;
  const { folders, folderOf, count } = table;
  // A folder comes after the one that it is in.
  const diskOf = new Uint32Array(folders.count);
  for (let folder = 1; folder < folders.count; folder++) {
    const entry = folders.entries[folder] as number;
    const begins = entry !== NO_ENTRY && devices.has(entry);
    diskOf[folder] = begins ? folder : (diskOf[folders.parents[folder] as number] as number);
  }
  for (let entry = 0; entry < count; entry++) {
    const folder = diskOf[folderOf[entry] as number] as number;
    if (folder === ROOT || disks.has(folder) || table.metadata(entry) === 'no') continue;
    const begin = folders.entries[folder] as number;
    disks.set(folder, { path: paths.of(begin).toString('latin1'), device: devices.get(begin) ?? -1 });
  }
  return disks;
}

/** Where a restore writes to, and whether those are still the disks that it was planned for. For threads of any kind. */
export class TargetDisks {
  readonly root: Buffer;
  readonly #device: number;
  readonly #mounted: MountedDisks;

  constructor(root: Buffer, device: number, mounted: MountedDisks) {
    this.root = root;
    this.#device = device;
    this.#mounted = mounted;
  }

  /** The path of one that has gone. */
  get lost(): string | undefined {
    if (!isOnDevice(this.root, this.#device)) return this.root.toString();
    const lost = [...this.#mounted.values()].find((disk) => !isThere(disk));
    return lost && pathOf(lost).toString();
  }

  /**
   * Whether what is made for the entry comes onto its own disk. Only right in the folder where a disk is mounted can something new
   * come to lie in an empty mount point: all other folders are missing in that.
   */
  hold(columns: EntryColumns, entry: number): boolean {
    if (liesInTarget(columns, entry)) return isOnDevice(this.root, this.#device);
    const disk = this.#mounted.get(columns.folderOf[entry] as number);
    return disk === undefined || isThere(disk);
  }
}

export function pathOf({ path }: MountedDisk): Buffer {
  return Buffer.from(path, 'latin1');
}

function isThere(disk: MountedDisk): boolean {
  return isOnDevice(pathOf(disk), disk.device);
}

function isOnDevice(path: Buffer, device: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.dev === device;
}
