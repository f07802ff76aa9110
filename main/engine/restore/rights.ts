import { systemCode } from '../store/file-errors.ts';

/**
 * What systems say where owner or mode cannot be set: nobody may (a container, a share of another machine), the owner has no number
 * there, or the file system keeps nothing of the kind (FAT).
 */
const REFUSED = new Set(['EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Whether owner and mode are as they were. */
export type Rights = 'set' | 'refused';

/** Sets an owner or a mode. One that is refused costs no content: that is restored without. @throws any other error of the system */
export function tryToSet(set: () => void): Rights {
  try {
    set();
    return 'set';
  } catch (error) {
    if (!REFUSED.has(systemCode(error) ?? '')) throw error;
    return 'refused';
  }
}

/** A mode without what it lends of the owner's power: for what may not have got its owner. */
export function withoutLending(mode: number): number {
  return mode & 0o777;
}

const USER = process.geteuid?.();
const GROUP = process.getegid?.();

/**
 * Whether a file would lend the power of whoever restores it, who becomes its owner: it is somebody else's, and runs with the rights
 * of its owner or group.
 */
export function wouldLend(mode: number, uid: number, gid: number): boolean {
  if (USER === undefined || (mode & 0o6000) === 0) return false;
  return ((mode & 0o4000) !== 0 && uid !== USER) || ((mode & 0o2000) !== 0 && gid !== GROUP);
}
