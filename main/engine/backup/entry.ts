import { type BigIntStats, constants } from 'node:fs';
import { goModeOf } from '../format/mode.ts';
import { formatTime } from '../format/time.ts';
import type { NodeType, Timestamp, TreeNode } from '../format/tree.ts';
import type { OwnerNames } from './owner-names.ts';

/** A node while it is being made. */
export type Draft = { -readonly [Field in keyof TreeNode]: TreeNode[Field] };

/** The part of a stat that a node is made of; a file that changed while it was read brings a fresh one. */
export type EntryStat = Pick<
  BigIntStats,
  'mode' | 'uid' | 'gid' | 'nlink' | 'ino' | 'dev' | 'rdev' | 'size' | 'mtimeNs' | 'ctimeNs'
>;

export interface EntryContext {
  readonly owners: OwnerNames;
  readonly utcOffsetMinutes: (ns: bigint) => number;
}

/** A node of the format (section 8.1) from what the system says; content, subtree and link target are for the caller. */
export function entryFromStat(name: Uint8Array, stat: EntryStat, context: EntryContext): Draft {
  const type = typeOf(Number(stat.mode));
  const mtime = timestamp(stat.mtimeNs, context);
  const uid = Number(stat.uid);
  const gid = Number(stat.gid);
  const draft: Draft = {
    name,
    type,
    mode: goModeOf(Number(stat.mode)),
    mtime,
    // restic stores the time of the last change as that of the last access, so that reading changes no tree.
    atime: mtime,
    ctime: timestamp(stat.ctimeNs, context),
    uid,
    gid,
    user: context.owners.user(uid),
    group: context.owners.group(gid),
    inode: stat.ino,
    deviceId: stat.dev,
    size: sizeOf(type, Number(stat.size)),
    links: linksOf(type, Number(stat.nlink)),
    content: type === 'file' ? [] : null,
  };
  if (isDevice(type)) draft.device = Number(stat.rdev);
  return draft;
}

/** Takes over what a file had become by the end of its reading. */
export function refreshEntry(draft: Draft, stat: EntryStat, context: EntryContext): void {
  const { name, content, extendedAttributes } = draft;
  Object.assign(draft, entryFromStat(name, stat, context), { content });
  if (extendedAttributes) draft.extendedAttributes = extendedAttributes;
}

/**
 * The error of a node whose extended attributes could not be read, though there may be some. restic looks at it no more than at its
 * own; with it no entry counts as unchanged, so that the next run asks for them again.
 */
export const UNREAD_ATTRIBUTES = 'extended attributes could not be read';

/**
 * Whether a node still says what the system says, so that it can be taken over as it is. Not compared are the content of
 * a file, which has the same size and times then, a link's target and extended attributes: changing either changes ctime.
 */
export function isSameEntry(before: TreeNode, stat: EntryStat, { owners }: EntryContext): boolean {
  const type = typeOf(Number(stat.mode));
  return (
    before.ctime.ns === stat.ctimeNs &&
    before.mtime.ns === stat.mtimeNs &&
    before.inode === stat.ino &&
    before.type === type &&
    before.deviceId === stat.dev &&
    before.mode === goModeOf(Number(stat.mode)) &&
    before.size === sizeOf(type, Number(stat.size)) &&
    before.links === linksOf(type, Number(stat.nlink)) &&
    before.uid === Number(stat.uid) &&
    before.gid === Number(stat.gid) &&
    before.user === owners.user(before.uid) &&
    before.group === owners.group(before.gid) &&
    (before.device ?? 0) === (isDevice(type) ? Number(stat.rdev) : 0) &&
    before.error === undefined
  );
}

/** restic's rule for taking over content without reading (format, section 9.1). */
export function isUnchanged(draft: Draft, before: TreeNode): boolean {
  return (
    before.type === 'file' &&
    before.size === draft.size &&
    before.inode === draft.inode &&
    before.mtime.ns === draft.mtime.ns &&
    before.ctime.ns === draft.ctime.ns &&
    before.content !== null
  );
}

/** By the file type bits of st_mode. */
const TYPES: Readonly<Record<number, NodeType>> = {
  [constants.S_IFREG]: 'file',
  [constants.S_IFDIR]: 'dir',
  [constants.S_IFLNK]: 'symlink',
  [constants.S_IFBLK]: 'dev',
  [constants.S_IFCHR]: 'chardev',
  [constants.S_IFIFO]: 'fifo',
  [constants.S_IFSOCK]: 'socket',
};

/** @param mode st_mode */
export function typeOf(mode: number): NodeType {
  return TYPES[mode & constants.S_IFMT] ?? 'file';
}

/** Nodes have a device's number for these alone. */
export function isDevice(type: NodeType): boolean {
  return type === 'dev' || type === 'chardev';
}

/** Nodes have a size for files alone. */
export function sizeOf(type: NodeType, size: number): number {
  return type === 'file' ? size : 0;
}

/** Nodes have a number of names for what can have several. */
export function linksOf(type: NodeType, links: number): number {
  return type === 'file' || type === 'symlink' || isDevice(type) ? links : 0;
}

function timestamp(ns: bigint, context: EntryContext): Timestamp {
  return { ns, text: formatTime(ns, context.utcOffsetMinutes(ns)) };
}
