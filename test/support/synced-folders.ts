import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { vi } from 'vitest';

export interface SyncedFolder {
  readonly path: string;
  /** What was in it when it was forced to the disk. */
  readonly names: readonly string[];
}

/** Every folder that is forced to the disk from now on; of Linux, which tells the path of an open file. */
export async function watchSyncedFolders(): Promise<readonly SyncedFolder[]> {
  const synced: SyncedFolder[] = [];
  const any = await open('/proc/self/status');
  await any.close();
  const handles: FileHandle = Object.getPrototypeOf(any);
  const { sync } = handles;
  vi.spyOn(handles, 'sync').mockImplementation(function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`);
    if (statSync(path).isDirectory()) synced.push({ path, names: readdirSync(path) });
    return sync.call(this);
  });
  return synced;
}
