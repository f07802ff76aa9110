import type { JsonCursor } from './json-cursor.ts';
import { isBase64 } from './json-document.ts';
import type { NodeType } from './tree.ts';

/**
 * The layout in which restic and Triplicate write a tree, to the byte (format, section 8.1), for whoever reads one without
 * making objects of it. Fields come in this order; those that are zero or empty are left out.
 */
export const OPEN = bytes('{"nodes":[');
export const CLOSE = bytes(']}\n');
export const NAME = bytes('{"name":"');
/** From the name's closing quote on. */
export const TYPES: Readonly<Record<NodeType, Uint8Array>> = {
  file: bytes('","type":"file"'),
  dir: bytes('","type":"dir"'),
  symlink: bytes('","type":"symlink"'),
  dev: bytes('","type":"dev"'),
  chardev: bytes('","type":"chardev"'),
  fifo: bytes('","type":"fifo"'),
  socket: bytes('","type":"socket"'),
};
export const MODE_KEY = bytes(',"mode":');
export const MTIME_KEY = bytes(',"mtime":"');
export const ATIME_KEY = bytes(',"atime":"');
export const CTIME_KEY = bytes(',"ctime":"');
export const UID_KEY = bytes(',"uid":');
export const GID_KEY = bytes(',"gid":');
export const USER_KEY = bytes(',"user":"');
export const GROUP_KEY = bytes(',"group":"');
export const INODE_KEY = bytes(',"inode":');
export const DEVICE_KEY = bytes(',"device_id":');
export const SIZE_KEY = bytes(',"size":');
export const LINKS_KEY = bytes(',"links":');
export const LINK_TARGET_KEY = bytes(',"linktarget":"');
const ATTRIBUTES = bytes(',"extended_attributes":[');
const ATTRIBUTE_NAME = bytes('{"name":"');
const ATTRIBUTE_VALUE = bytes(',"value":"');
/** st_rdev, where `DEVICE_KEY` is st_dev. */
export const DEVICE_NUMBER_KEY = bytes(',"device":');
export const NO_CONTENT = bytes(',"content":null');
export const EMPTY_CONTENT = bytes(',"content":[]');
export const CONTENT = bytes(',"content":["');
export const NEXT_ID = bytes(',"');
export const SUBTREE_KEY = bytes(',"subtree":"');

export const COMMA = 0x2c;
export const BRACKET_END = 0x5d;
export const BRACE_END = 0x7d;

/** Passes over the extended attributes, if there are any: names without escapes, values in base64. */
export function skipAttributes(json: JsonCursor): boolean {
  if (!json.skip(ATTRIBUTES)) return true;
  do {
    if (!json.skip(ATTRIBUTE_NAME) || !json.skipString() || !json.skip(ATTRIBUTE_VALUE)) return false;
    const start = json.at;
    if (!json.skipString()) return false;
    const { buffer, byteOffset } = json.text;
    const value = Buffer.from(buffer, byteOffset + start, json.at - 1 - start).toString('latin1');
    if (!isBase64(value) || !json.skipByte(BRACE_END)) return false;
  } while (json.skipByte(COMMA));
  return json.skipByte(BRACKET_END);
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}
