import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type Rights, tryToSet, withoutLending } from './rights.ts';

const ZEROS = Buffer.alloc(64 * 1024);
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Bytes at a position; long runs of zeros are left as holes, for which the file must have its size already. */
export function writeAt(fd: number, bytes: Uint8Array, position: number, holes: 'leave' | 'none'): void {
  let from = 0;
  while (from < bytes.length) {
    let to = bytes.length;
    if (holes === 'leave') {
      to = Math.min(from + ZEROS.length, bytes.length);
      const piece = bytes.subarray(from, to);
      if (piece.length === ZEROS.length && ZEROS.equals(piece)) {
        from = to;
        continue;
      }
      while (to < bytes.length && !ZEROS.equals(bytes.subarray(to, to + ZEROS.length))) {
        to = Math.min(to + ZEROS.length, bytes.length);
      }
    }
    while (from < to) from += writeSync(fd, bytes, from, to - from, position + from);
  }
}

/** Whether `writeAt` would leave something out as a hole. */
export function hasHole(bytes: Uint8Array): boolean {
  for (let from = 0; from + ZEROS.length <= bytes.length; from += ZEROS.length) {
    if (ZEROS.equals(bytes.subarray(from, from + ZEROS.length))) return true;
  }
  return false;
}

/** Makes a file of this size under a temporary name that nothing has yet. */
export function createTemporary(path: Buffer, size: number): void {
  const fd = openSync(path, NEW_FILE, 0o600);
  try {
    try {
      ftruncateSync(fd, size);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    removeQuietly(path);
    throw error;
  }
}

/** The name that a file is to get. */
export interface FinalName {
  readonly path: Buffer;
  /** `none`: nothing may be there; what appeared since the plan was made is not touched. */
  readonly existing: 'expected' | 'none';
}

export interface FileOutcome {
  readonly temporary: Buffer;
  /** Absent: it has it already, in a folder that has a temporary one. */
  readonly name?: FinalName;
  readonly mode: number;
  /** Absent: the owner stays who restores. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Present: the mode is not the snapshot's, which would lend the power of who restores. */
  readonly withheld?: 'power';
}

/** A whole small file: content, owner, mode, final name. On failure nothing is left of it. */
export function writeWhole(file: FileOutcome, bytes: Uint8Array): Rights {
  // Nobody else may read it before it is its owner's.
  const fd = openSync(file.temporary, NEW_FILE, staysOurs(file) ? file.mode & 0o777 : 0o600);
  let rights: Rights;
  try {
    try {
      const large = bytes.length >= ZEROS.length;
      if (large) ftruncateSync(fd, bytes.length);
      if (bytes.length > 0) writeAt(fd, bytes, 0, large ? 'leave' : 'none');
      rights = setOwnerAndMode(fd, file);
    } finally {
      closeSync(fd);
    }
    if (file.name) giveName(file.temporary, file.name);
    return rights;
  } catch (error) {
    removeQuietly(file.temporary);
    throw error;
  }
}

/** Owner, mode and final name of a file whose parts are all written. */
export function finishTemporary(file: FileOutcome): Rights {
  let rights: Rights;
  try {
    const fd = openSync(file.temporary, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      rights = setOwnerAndMode(fd, file);
    } finally {
      closeSync(fd);
    }
    if (file.name) giveName(file.temporary, file.name);
    return rights;
  } catch (error) {
    removeQuietly(file.temporary);
    throw error;
  }
}

export function removeQuietly(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or is gone already.
  }
}

/** Whether something is there, as far as the system tells. */
export function mayExist(path: Buffer): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** The owner first: changing it clears setuid and setgid. What is so already costs one look, not two changes. */
function setOwnerAndMode(fd: number, { owner, mode, withheld }: FileOutcome): Rights {
  const found = fstatSync(fd);
  const other = owner !== undefined && (found.uid !== owner.uid || found.gid !== owner.gid);
  const owned = other ? tryToSet(() => fchownSync(fd, owner.uid, owner.gid)) : 'set';
  const wanted = owned === 'set' ? mode : withoutLending(mode);
  const isSo = !other && (found.mode & 0o7777) === wanted;
  const moded = isSo ? 'set' : tryToSet(() => fchmodSync(fd, wanted));
  return withheld ? 'refused' : owned === 'set' ? moded : owned;
}

const OUR_USER = process.geteuid?.();
const OUR_GROUP = process.getegid?.();

function staysOurs({ owner }: FileOutcome): boolean {
  return owner === undefined || (owner.uid === OUR_USER && owner.gid === OUR_GROUP);
}

/** @throws with code `EEXIST` when something is there that may not be replaced */
export function giveName(temporary: Buffer, { path, existing }: FinalName): void {
  if (existing === 'none' && lstatSync(path, { throwIfNoEntry: false })) {
    throw Object.assign(new Error('Something appeared there while restoring; it was kept.'), { code: 'EEXIST' });
  }
  renameSync(temporary, path);
}
