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
