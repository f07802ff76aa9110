import type { TreeNode } from '../format/tree.ts';
import { type BytePath, joinBytePath } from './byte-path.ts';
import type { Directory } from './directory.ts';
import type { EntryStat } from './entry.ts';
import type { Target } from './targets.ts';

/** A directory that the walk has still to look into. */
export type Visit =
  | {
      readonly kind: 'way';
      readonly directory: Directory;
      readonly children: ReadonlyMap<BytePath, Target>;
      readonly before: TreeNode | null;
    }
  | {
      readonly kind: 'list' | 'descend';
      readonly directory: Directory;
      /** `unread`: it is in the parent snapshot, as are the directories above it, which were taken over by their prints. */
      readonly before: TreeNode | null | 'unread';
      /** The other directory that stood there, of which nothing is taken over. */
      readonly replaced?: TreeNode | null;
      readonly isTarget: boolean;
    };

/** One that is listed, unlike a folder on the way to what was asked for. */
export type DirectoryVisit = Exclude<Visit, { readonly kind: 'way' }>;

/** An entry that is to be settled. */
export interface EntryPlace {
  readonly position: number;
  readonly name: BytePath;
  /** The real path. */
  readonly path: BytePath;
  /** The path that system calls take. */
  readonly access: BytePath;
  /** Null when the system is still to be asked. */
  readonly stat: EntryStat | null;
  readonly before: TreeNode | null;
  readonly isTarget: boolean;
  /** Of a directory: known to be in every destination, with all that is in it. */
  readonly isEverywhere?: boolean;
}

/** Where an entry of a directory is, and the way that system calls take to it. */
export function placeIn(directory: Directory, name: BytePath): { readonly path: BytePath; readonly access: BytePath } {
  const path = joinBytePath(directory.path ?? directory.access, name);
  return { path, access: directory.descriptor === null ? path : joinBytePath(directory.access, name) };
}

/** The way that system calls take to what is in a directory, but for its name. */
export function waysInto(directory: Directory): BytePath {
  return directory.descriptor === null ? (directory.path ?? directory.access) : directory.access;
}
