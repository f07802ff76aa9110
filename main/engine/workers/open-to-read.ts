import { closeSync, constants, openSync } from 'node:fs';
import { type BytePath, forSystem } from '../backup/byte-path.ts';

const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Being backed up is no use of a file: its access time stays, and the disk has no time to write down for each. */
const NO_ACCESS_TIME = constants.O_NOATIME ?? 0;

/**
 * Opens a file that is to be backed up. Only the owner of a file and root may leave its access time alone.
 * @param more flags of open(2)
 * @throws as openSync
 */
export function openToRead(path: BytePath, more = 0): number {
  try {
    return openSync(forSystem(path), OPEN_FLAGS | NO_ACCESS_TIME | more);
  } catch (error) {
    if (NO_ACCESS_TIME === 0 || (error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return openSync(forSystem(path), OPEN_FLAGS | more);
  }
}

/**
 * Closes what was only read. What some mounted places say then (`EIO` from FUSE and NFS) is no word on the bytes that they have
 * given, and must not end the work of all other files.
 */
export function closeRead(fd: number): void {
  try {
    closeSync(fd);
  } catch (error) {
    // Ours: it was closed before.
    if ((error as NodeJS.ErrnoException).code === 'EBADF') throw error;
  }
}
