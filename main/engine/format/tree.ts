import { isUtf8 } from 'node:buffer';
import type { BlobId, TreeId } from '../ids.ts';
import { jsonString, jsonStringOfBytes } from './json-text.ts';
import { quoteName } from './name.ts';
import { formatLocalTime, type Timestamp } from './time.ts';

export { decodeNode, decodeTree } from './tree-decode.ts';

export type { Timestamp };

export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket';

export interface ExtendedAttribute {
  /** Text; bytes that are not UTF-8 are lost here, as in restic. */
  readonly name: string;
  readonly value: Uint8Array;
}

/** One entry of a directory (format, section 8.1). */
export interface TreeNode {
  /** Raw bytes as the file system gives them; never empty. */
  readonly name: Uint8Array;
  readonly type: NodeType;
  /** Go FileMode, see `mode.ts`. */
  readonly mode: number;
  readonly mtime: Timestamp;
  /** restic stores the mtime here unless told otherwise: pass the same object, which also is quicker. */
  readonly atime: Timestamp;
  readonly ctime: Timestamp;
  readonly uid: number;
  readonly gid: number;
  /** Empty when unknown. */
  readonly user: string;
  readonly group: string;
  readonly inode: bigint;
  readonly deviceId: bigint;
  /** Bytes, for files; a safe integer. */
  readonly size: number;
  /** Number of names of this inode; with more than one, `inode` and `deviceId` must be true (format, section 9.2). */
  readonly links: number;
  /** Raw bytes of a symlink's target. */
  readonly linkTarget?: Uint8Array | undefined;
  readonly extendedAttributes?: readonly ExtendedAttribute[] | undefined;
  /** st_rdev of a device. */
  readonly device?: number | undefined;
  /** Data blobs of a file in order, empty for an empty file; `null` for everything else. */
  readonly content: readonly BlobId[] | null;
  /** The tree of a directory. */
  readonly subtree?: TreeId | undefined;
  readonly error?: string | undefined;
  /** Fields of newer programs, kept when a tree is rewritten. */
  readonly unknown?: Readonly<Record<string, unknown>> | undefined;
}

/** The JSON text of one node, without separator. */
export function encodeNode(node: TreeNode): string {
  const { mode, uid, gid, user, group, inode, deviceId, size, links, linkTarget, device, unknown } = node;
  const mtime = timeJson(node.mtime);
  const atime = node.atime === node.mtime ? mtime : timeJson(node.atime);
  const ctime = timeJson(node.ctime);
  let text = `{"name":${jsonString(quoteName(node.name))},"type":"${node.type}"`;
  if (mode !== 0) text += `,"mode":${mode}`;
  text += `,"mtime":${mtime},"atime":${atime},"ctime":${ctime},"uid":${uid},"gid":${gid}`;
  if (user) text += `,"user":${jsonString(user)}`;
  if (group) text += `,"group":${jsonString(group)}`;
  if (inode !== 0n) text += `,"inode":${inode}`;
  if (deviceId !== 0n) text += `,"device_id":${deviceId}`;
  if (size !== 0) text += `,"size":${size}`;
  if (links !== 0) text += `,"links":${links}`;
  if (linkTarget && linkTarget.length > 0) text += linkTargetJson(linkTarget, unknown);
  if (unknown) text += unknownJson(unknown, (name) => name === LINK_TARGET_RAW);
  if (node.extendedAttributes && node.extendedAttributes.length > 0) {
    text += `,"extended_attributes":[${node.extendedAttributes.map(attributeJson).join(',')}]`;
  }
  if (unknown) text += unknownJson(unknown, (name) => name === GENERIC_ATTRIBUTES);
  if (device) text += `,"device":${device}`;
  text += `,"content":${contentJson(node.content)}`;
  if (node.subtree) text += `,"subtree":"${node.subtree}"`;
  if (node.error) text += `,"error":${jsonString(node.error)}`;
  if (unknown) text += unknownJson(unknown, (name) => name !== LINK_TARGET_RAW && name !== GENERIC_ATTRIBUTES);
  return `${text}}`;
}

/** Field of restic from 0.17 on, beside a link target that is not UTF-8. */
export const LINK_TARGET_RAW = 'linktarget_raw';

/** Bytes that are not UTF-8 go as they are beside the text: the text alone would lead the link elsewhere for good. */
function linkTargetJson(target: Uint8Array, unknown: TreeNode['unknown']): string {
  const text = `,"linktarget":${jsonStringOfBytes(target)}`;
  if (isUtf8(target) || (unknown && LINK_TARGET_RAW in unknown)) return text;
  return `${text},"${LINK_TARGET_RAW}":"${Buffer.from(target).toString('base64')}"`;
}

/** Field of restic from 0.17 on, on Windows. */
const GENERIC_ATTRIBUTES = 'generic_attributes';

function timeJson(time: Timestamp): string {
  return `"${time.text ?? formatLocalTime(time.ns)}"`;
}

function contentJson(content: readonly BlobId[] | null): string {
  if (content === null) return 'null';
  return content.length === 0 ? '[]' : `["${content.join('","')}"]`;
}

function attributeJson({ name, value }: ExtendedAttribute): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return `{"name":${jsonString(name)},"value":"${bytes.toString('base64')}"}`;
}

function unknownJson(unknown: Readonly<Record<string, unknown>>, wanted: (name: string) => boolean): string {
  return Object.entries(unknown)
    .filter(([name]) => wanted(name))
    .map(([name, value]) => `,${jsonString(name)}:${JSON.stringify(value, exactNumber)}`)
    .join('');
}

/** A bigint, which an integer above 2^53 was read as, is written with all its digits. */
function exactNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(value.toString()) : value;
}

const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
