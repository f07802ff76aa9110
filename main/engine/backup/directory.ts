import { constants, lstatSync, openSync } from 'node:fs';
import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import { closeRead } from '../workers/open-to-read.ts';
import { type BytePath, forSystem, textOf } from './byte-path.ts';
import { DirectoryEntries } from './directory-entries.ts';
import type { EarlierDirectory } from './parent.ts';

/** Beyond this many bytes a path is reached through an open directory, as the system takes no path over 4,096. */
export const LONG_PATH = 3000;

/** A directory whose entries are being settled; it becomes a tree when none of them waits any more. */
export interface Directory {
  readonly parent: Directory | null;
  /** Its place among the entries of the parent. */
  readonly position: number;
  /** The real path, for patterns and messages; null at the top of the snapshot. */
  readonly path: BytePath | null;
  /** The path that system calls take: the real one, or a short way to it. */
  readonly access: BytePath;
  /** An open directory that `access` goes through; null while `access` is the real path. */
  readonly descriptor: number | null;
  /** True when the descriptor was opened for this directory and is closed with it. */
  readonly ownsDescriptor: boolean;
  /** Its entry in the parent snapshot, when nothing of its own metadata has changed. */
  same: TreeNode | null;
  /** The print of its listing, while what is stored of it is just what was listed. */
  print: Uint8Array | null;
  /**
   * The tree that it was when it was listed like this the last time: it is taken over unread. `earlier` is read when
   * something below turns out to have changed.
   */
  known: TreeId | null;
  /** Its entry in the parent snapshot where it was `known`; what is below a known one is found from here. */
  before: TreeNode | null;
  /** The device that it lay on in the parent snapshot, as far as that was asked for. */
  deviceBefore: bigint | undefined;
  /** What the parent snapshot has of a known directory, as soon as it was asked for. */
  inParent: EarlierDirectory | null;
  /** What the parent snapshot has of it; null when there is nothing that may be taken over. */
  earlier: EarlierDirectory | null;
  entries: DirectoryEntries;
  /**
   * `as-before`: so far everything in it is as in `earlier`, and `entries` is not made. It is when a directory below turns
   * out to have changed.
   */
  state: 'own' | 'as-before';
  /** Whether the thread that lists ahead came here as well. */
  isListedAhead: boolean;
  /** Entries and questions that are not settled yet. */
  waiting: number;
  /** Places of what was itself asked for, in a folder on the way. */
  targets?: readonly number[];
  /** Called with the id of the finished tree at the top. */
  readonly finished?: (tree: TreeId) => void;
}

/** One of which nothing is settled yet. */
export function newDirectory(
  place: Pick<
    Directory,
    'parent' | 'position' | 'path' | 'access' | 'descriptor' | 'ownsDescriptor' | 'same' | 'isListedAhead'
  > &
    Partial<Pick<Directory, 'finished'>>,
): Directory {
  const nothing = { print: null, known: null, before: null, deviceBefore: undefined, inParent: null, earlier: null };
  return { ...place, ...nothing, entries: new DirectoryEntries(0, null), state: 'own', waiting: 1 };
}

/** For a person. */
export function shownPath({ path }: Directory): string {
  return path === null ? '/' : textOf(path);
}

/** The way to a directory: a path that has grown too long for the system is replaced by one through `/proc`. */
export function openAccess(access: BytePath): { access: BytePath; descriptor: number | null } {
  if (access.length < LONG_PATH || process.platform !== 'linux') return { access, descriptor: null };
  const descriptor = openSync(forSystem(access), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return { access: `/proc/${process.pid}/fd/${descriptor}` as BytePath, descriptor };
}

export function closeAccess(directory: Directory): void {
  if (directory.ownsDescriptor && directory.descriptor !== null) closeRead(directory.descriptor);
}

/**
 * Whether folders alone lead to it from what was asked for, so that what the system says of it is no other place's: one of them
 * may have become a link since it was listed.
 */
export function isReachedByFolders(directory: Directory): boolean {
  for (let at: Directory | null = directory; at?.parent && !at.targets; at = at.parent) {
    // Whatever has become of the path, an open directory is the one that was opened.
    if (at.ownsDescriptor) return true;
    if (!isFolder(at.access)) return false;
  }
  return true;
}

function isFolder(path: BytePath): boolean {
  try {
    return lstatSync(forSystem(path)).isDirectory();
  } catch {
    return false;
  }
}
