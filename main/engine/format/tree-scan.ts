import { isUtf8 } from 'node:buffer';
import type { TreeId } from '../ids.ts';
import { JsonCursor } from './json-cursor.ts';
import { TimeReader } from './time-reader.ts';
import { DIR, FILE, NODE_TYPES, type RareFields, type TreeColumns } from './tree-columns.ts';
import { attributesOf, MAX_TREE_BYTES, MAX_UINT32 } from './tree-decode.ts';
import {
  ATIME_KEY,
  BRACE_END,
  BRACKET_END,
  CLOSE,
  COMMA,
  CONTENT,
  CTIME_KEY,
  DEVICE_KEY,
  DEVICE_NUMBER_KEY,
  EMPTY_CONTENT,
  GID_KEY,
  GROUP_KEY,
  INODE_KEY,
  LINK_TARGET_KEY,
  LINKS_KEY,
  MODE_KEY,
  MTIME_KEY,
  NAME,
  NEXT_ID,
  NO_CONTENT,
  OPEN,
  SIZE_KEY,
  SUBTREE_KEY,
  skipAttributes,
  TYPES,
  UID_KEY,
  USER_KEY,
} from './tree-layout.ts';

/**
 * Reads the plaintext of a tree into columns without making objects of its entries. Knows only the layout that restic and
 * Triplicate write, to the byte, with names that are written as they are and strictly ascending. Gives false when the text is
 * anything else: what is in it then is for `decodeTree` to say, and the columns hold nothing to rely on. What is accepted
 * says what `decodeTree` says. Names are views of `text` as long as the columns are not filled again.
 */
export function scanTree(text: Uint8Array, columns: TreeColumns): boolean {
  columns.clear();
  if (text.length > MAX_TREE_BYTES || !isUtf8(text)) return false;
  return new TreeScan(text, columns).run();
}

const ID_BYTES = 32;
const ID_DIGITS = 64;
/** From the name's closing quote on, by the number of the type. */
const TYPE_TEXTS = NODE_TYPES.map((type) => TYPES[type]);
/** A reader for each: it keeps the day that it met last. */
const mtimes = new TimeReader();
const otherTimes = new TimeReader();
const passedOver = new Uint8Array(ID_BYTES);

class TreeScan {
  readonly #json: JsonCursor;
  readonly #columns: TreeColumns;
  #ids = 0;
  /** What the entry at hand has that few have; false while it has nothing of it. */
  #isRare = false;
  #atime: RareFields['atime'];
  #links = 1;
  #inode = 0n;
  #deviceId = 0n;
  #linkTarget: Uint8Array | undefined;
  #attributes: RareFields['extendedAttributes'];
  #device = 0;

  constructor(text: Uint8Array, columns: TreeColumns) {
    this.#json = new JsonCursor(text);
    this.#columns = columns;
    columns.names = text;
  }

  run(): boolean {
    const json = this.#json;
    const columns = this.#columns;
    if (!json.skip(OPEN)) return false;
    if (json.skip(CLOSE)) return json.isAtEnd;
    do {
      columns.makeRoomForRow();
      if (!this.#entry(columns.count)) return false;
      columns.count++;
    } while (json.skipByte(COMMA));
    return json.skip(CLOSE) && json.isAtEnd;
  }

  #entry(row: number): boolean {
    const json = this.#json;
    const columns = this.#columns;
    this.#isRare = false;
    const type = this.#name(row) ? this.#type() : -1;
    if (type === -1) return false;
    columns.types[row] = type;
    const isRead =
      this.#uint32(MODE_KEY, columns.modes, row) &&
      this.#times(row) &&
      json.skip(UID_KEY) &&
      this.#presentUint32(columns.uids, row) &&
      json.skip(GID_KEY) &&
      this.#presentUint32(columns.gids, row) &&
      (!json.skip(USER_KEY) || json.skipString()) &&
      (!json.skip(GROUP_KEY) || json.skipString()) &&
      this.#inodeAndSize(row, type) &&
      this.#target() &&
      this.#extendedAttributes() &&
      this.#deviceNumber() &&
      (type === FILE ? this.#content() : json.skip(NO_CONTENT)) &&
      (type !== DIR || this.#subtree(row)) &&
      json.skipByte(BRACE_END);
    if (!isRead) return false;
    columns.contentEnds[row] = this.#ids;
    if (this.#isRare) this.#keepRare(row);
    return true;
  }

  /** Behind the one before: of entries in another order, or with one name, `decodeTree` knows what they mean. */
  #name(row: number): boolean {
    const json = this.#json;
    const { nameStarts, nameEnds } = this.#columns;
    if (!json.skip(NAME)) return false;
    const start = json.at;
    if (!json.skipString()) return false;
    nameStarts[row] = start;
    nameEnds[row] = json.at - 1;
    // The closing quote is looked at once more, as the beginning of the type.
    json.at--;
    return row === 0 || json.isAscending(nameStarts[row - 1] as number, nameEnds[row - 1] as number, start, json.at);
  }

  #type(): number {
    for (let type = 0; type < TYPE_TEXTS.length; type++)
      if (this.#json.skip(TYPE_TEXTS[type] as Uint8Array)) return type;
    return -1;
  }

  #times(row: number): boolean {
    const json = this.#json;
    const start = json.at + MTIME_KEY.length;
    if (!json.skip(MTIME_KEY) || !mtimes.read(json)) return false;
    this.#columns.mtimeSeconds[row] = mtimes.seconds;
    this.#columns.mtimeNanos[row] = mtimes.nanos;
    const end = json.at;
    if (!json.skip(ATIME_KEY)) return false;
    if (json.skipAgain(start, end)) return json.skip(CTIME_KEY) && otherTimes.read(json);
    if (!otherTimes.read(json)) return false;
    if (otherTimes.seconds !== mtimes.seconds || otherTimes.nanos !== mtimes.nanos) {
      this.#nowRare();
      this.#atime = { seconds: otherTimes.seconds, nanos: otherTimes.nanos };
    }
    return json.skip(CTIME_KEY) && otherTimes.read(json);
  }

  /** Inode, device and number of names are of use only where a file has more than one. */
  #inodeAndSize(row: number, type: number): boolean {
    const json = this.#json;
    const inode = json.at;
    if (json.skip(INODE_KEY) && !json.skipUint64()) return false;
    const device = json.at;
    if (json.skip(DEVICE_KEY) && !json.skipUint64()) return false;
    const end = json.at;
    const size = json.skip(SIZE_KEY) ? json.readNumber() : 0;
    const links = json.skip(LINKS_KEY) ? json.readNumber() : 0;
    if (size < 0 || links < 0) return false;
    this.#columns.sizes[row] = size;
    if (type === FILE && links > 1) {
      this.#nowRare();
      this.#links = links;
      this.#inode = BigInt(json.textFrom(inode + INODE_KEY.length, device));
      this.#deviceId = BigInt(json.textFrom(device + DEVICE_KEY.length, end));
    }
    return true;
  }

  #target(): boolean {
    const json = this.#json;
    if (!json.skip(LINK_TARGET_KEY)) return true;
    const start = json.at;
    if (!json.skipString()) return false;
    this.#nowRare();
    this.#linkTarget = json.text.slice(start, json.at - 1);
    return true;
  }

  #extendedAttributes(): boolean {
    const json = this.#json;
    const start = json.at;
    if (!skipAttributes(json)) return false;
    if (json.at === start) return true;
    const { buffer, byteOffset } = json.text;
    const text = Buffer.from(buffer, byteOffset + start + 1, json.at - start - 1).toString('utf8');
    this.#nowRare();
    this.#attributes = attributesOf(JSON.parse(`{${text}}`).extended_attributes);
    return true;
  }

  #deviceNumber(): boolean {
    const json = this.#json;
    if (!json.skip(DEVICE_NUMBER_KEY)) return true;
    const device = json.readNumber();
    if (device < 0) return false;
    if (device > 0) this.#nowRare();
    this.#device = device;
    return true;
  }

  #content(): boolean {
    const json = this.#json;
    const columns = this.#columns;
    if (json.skip(EMPTY_CONTENT)) return true;
    if (!json.skip(CONTENT)) return false;
    do {
      columns.makeRoomForId(this.#ids);
      if (!json.readId(columns.contentIds, this.#ids++ * ID_BYTES)) return false;
    } while (json.skip(NEXT_ID));
    return json.skipByte(BRACKET_END);
  }

  #subtree(row: number): boolean {
    const json = this.#json;
    if (!json.skip(SUBTREE_KEY)) return false;
    const start = json.at;
    if (!json.readId(passedOver, 0)) return false;
    this.#columns.subtrees.set(row, json.textFrom(start, start + ID_DIGITS) as TreeId);
    return true;
  }

  /** A key with a number, or nothing for zero. */
  #uint32(key: Uint8Array, column: Uint32Array, row: number): boolean {
    if (this.#json.skip(key)) return this.#presentUint32(column, row);
    column[row] = 0;
    return true;
  }

  #presentUint32(column: Uint32Array, row: number): boolean {
    const value = this.#json.readNumber();
    column[row] = value;
    return value >= 0 && value <= MAX_UINT32;
  }

  #nowRare(): void {
    if (this.#isRare) return;
    this.#isRare = true;
    this.#atime = undefined;
    this.#links = 1;
    this.#inode = 0n;
    this.#deviceId = 0n;
    this.#linkTarget = undefined;
    this.#attributes = undefined;
    this.#device = 0;
  }

  #keepRare(row: number): void {
    this.#columns.rare.set(row, {
      ...(this.#atime ? { atime: this.#atime } : {}),
      links: this.#links,
      inode: this.#inode,
      deviceId: this.#deviceId,
      linkTarget: this.#linkTarget,
      extendedAttributes: this.#attributes,
      device: this.#device || undefined,
    });
  }
}
