import { isAscii, isUtf8 } from 'node:buffer';
import { JsonCursor } from '../format/json-cursor.ts';
import { goModeOf } from '../format/mode.ts';
import { TimeReader } from '../format/time-reader.ts';
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
} from '../format/tree-layout.ts';
import { isDevice, linksOf, sizeOf, typeOf } from './entry.ts';
import {
  CTIME,
  DEVICE,
  DEVICE_NUMBER,
  GID,
  INODE,
  LINKS,
  type Listing,
  MODE,
  MTIME,
  nameStart,
  SIZE,
  STAT_FIELDS,
  UID,
} from './listing.ts';
import type { OwnerNames } from './owner-names.ts';
import { OwnerText } from './owner-text.ts';
import type { Selection } from './selection.ts';
import { StatRows } from './stat-rows.ts';

/** A directory in which every entry says what the system says. */
export interface SameDirectory {
  readonly files: number;
  /** Of all files. */
  readonly bytes: number;
  /** 32 bytes for each blob of the files, in their order. */
  readonly contentIds: Uint8Array;
  /** Directories in it: position, and where its JSON lies in the text. */
  readonly directories: readonly { readonly position: number; readonly start: number; readonly end: number }[];
}

/**
 * Compares a directory of the parent with what the system says, without making an object of any entry: in most directories
 * nothing has changed. Knows only the layout that restic and Triplicate write, to the byte (format, section 8). Gives
 * null when anything differs or is written in another way: what it is then is for `isSameEntry` to say.
 * @param text the plaintext of the directory's tree
 */
export function compareDirectory(text: Uint8Array, listing: Listing, rules: Rules): SameDirectory | null {
  return new EntryComparison(text, listing, rules).whole();
}

const ID_BYTES = 32;
const TWO_32 = 2 ** 32;

/** Ids of the directory at hand; what it held is read before the next one is compared. */
let ids = new Uint8Array(1024 * ID_BYTES);
const times = new TimeReader();

interface Rules {
  readonly owners: OwnerNames;
  readonly selection: Pick<Selection, 'isTooLarge'>;
}

/** Compares entries of a directory of the parent as text; see `compareDirectory`. */
export class EntryComparison {
  readonly #json: JsonCursor;
  readonly #listing: Listing;
  readonly #rows: StatRows;
  readonly #rules: Rules;
  readonly #directories: { readonly position: number; readonly start: number; readonly end: number }[] = [];
  #files = 0;
  #bytes = 0;
  #ids = 0;

  constructor(text: Uint8Array, listing: Listing, rules: Rules) {
    this.#json = new JsonCursor(text);
    this.#listing = listing;
    this.#rows = new StatRows(listing.stats);
    this.#rules = rules;
  }

  /** See `compareDirectory`. */
  whole(): SameDirectory | null {
    const json = this.#json;
    if (!json.skip(OPEN)) return null;
    for (let position = 0; position < this.#listing.count; position++) {
      if (position > 0 && !json.skipByte(COMMA)) return null;
      if (!this.#entry(position)) return null;
    }
    if (!json.skip(CLOSE) || !json.isAtEnd) return null;
    const contentIds = ids.subarray(0, this.#ids * ID_BYTES);
    return { files: this.#files, bytes: this.#bytes, contentIds, directories: this.#directories };
  }

  /** Whether the entry whose JSON lies there says what the listing says of this position. */
  isSame(position: number, { start, end }: { readonly start: number; readonly end: number }): boolean {
    this.#json.at = start;
    this.#ids = 0;
    return this.#entry(position) && this.#json.at === end;
  }

  /** Fields in the order in which they are written; those that are zero are not. */
  #entry(position: number): boolean {
    const json = this.#json;
    const { owners, selection } = this.#rules;
    const row = position * STAT_FIELDS;
    const start = json.at;
    const mode = this.#rows.number(row + MODE);
    if (mode === 0) return false;
    const type = typeOf(mode);
    const uid = this.#rows.number(row + UID);
    const gid = this.#rows.number(row + GID);
    const size = sizeOf(type, this.#rows.number(row + SIZE));
    const isSame =
      this.#name(position) &&
      json.skip(TYPES[type]) &&
      this.#isNumber(MODE_KEY, goModeOf(mode)) &&
      this.#isTime(MTIME_KEY, row + MTIME) &&
      json.skip(ATIME_KEY) &&
      times.read(json) &&
      this.#isTime(CTIME_KEY, row + CTIME) &&
      this.#isPresentNumber(UID_KEY, uid) &&
      this.#isPresentNumber(GID_KEY, gid) &&
      json.skip(USER.of(owners.user(uid))) &&
      json.skip(GROUP.of(owners.group(gid))) &&
      this.#isLargeNumber(INODE_KEY, row + INODE) &&
      this.#isLargeNumber(DEVICE_KEY, row + DEVICE) &&
      this.#isNumber(SIZE_KEY, size) &&
      this.#isNumber(LINKS_KEY, linksOf(type, this.#rows.number(row + LINKS))) &&
      (type !== 'symlink' || (json.skip(LINK_TARGET_KEY) && json.skipString())) &&
      // Changing them changes the ctime, so what they say is not looked at.
      skipAttributes(json) &&
      (!isDevice(type) || this.#isNumber(DEVICE_NUMBER_KEY, this.#rows.number(row + DEVICE_NUMBER))) &&
      (type === 'file' ? this.#content() : json.skip(NO_CONTENT)) &&
      (type !== 'dir' || this.#subtree()) &&
      json.skipByte(BRACE_END);
    if (!isSame || (type === 'file' && selection.isTooLarge(size))) return false;
    if (type === 'file') {
      this.#files++;
      this.#bytes += size;
    } else if (type === 'dir') this.#directories.push({ position, start, end: json.at });
    return true;
  }

  /** A name that is written as it is: with an escape in it, it may be another one than its bytes say. */
  #name(position: number): boolean {
    const { names, ends } = this.#listing;
    const start = nameStart(ends, position);
    const end = ends[position] as number;
    if (!this.#json.skip(NAME) || !this.#json.skipPlain(names, start, end)) return false;
    const name = names.subarray(start, end);
    return isAscii(name) || isUtf8(name);
  }

  #content(): boolean {
    const json = this.#json;
    if (json.skip(EMPTY_CONTENT)) return true;
    if (!json.skip(CONTENT)) return false;
    do {
      this.#makeRoomForId();
      if (!json.readId(ids, this.#ids++ * ID_BYTES)) return false;
    } while (json.skip(NEXT_ID));
    return json.skipByte(BRACKET_END);
  }

  #subtree(): boolean {
    // Only passed over: what is kept is the content.
    this.#makeRoomForId();
    return this.#json.skip(SUBTREE_KEY) && this.#json.readId(ids, this.#ids * ID_BYTES);
  }

  #makeRoomForId(): void {
    if (this.#ids * ID_BYTES < ids.length) return;
    const wider = new Uint8Array(ids.length * 2);
    wider.set(ids);
    ids = wider;
  }

  /** A key with this value, or nothing for zero. */
  #isNumber(key: Uint8Array, value: number): boolean {
    return value === 0 || this.#isPresentNumber(key, value);
  }

  #isPresentNumber(key: Uint8Array, value: number): boolean {
    return this.#json.skip(key) && this.#json.readNumber() === value;
  }

  /** As `#isNumber` for up to 64 bits: the lower half exactly, the whole as nearly as a double holds it. */
  #isLargeNumber(key: Uint8Array, field: number): boolean {
    const json = this.#json;
    const low = this.#rows.low(field);
    const high = this.#rows.high(field);
    if (low === 0 && high === 0) return true;
    if (!json.skip(key)) return false;
    const start = json.at;
    let readLow = 0;
    let read = 0;
    for (let digit = json.digit(); digit >= 0; digit = json.digit()) {
      readLow = (Math.imul(readLow, 10) + digit) >>> 0;
      read = read * 10 + digit;
      json.at++;
    }
    return json.isNumberFrom(start) && readLow === low && isNear(read, high * TWO_32 + low);
  }

  /** A key and a text with the same instant in it. */
  #isTime(key: Uint8Array, field: number): boolean {
    if (!this.#json.skip(key) || !times.read(this.#json)) return false;
    const { seconds, nanos } = times;
    const low = (Math.imul(seconds, 1e9) + nanos) >>> 0;
    return low === this.#rows.low(field) && isNear(seconds * 1e9 + nanos, this.#rows.number(field));
  }
}

const USER = new OwnerText('user');
const GROUP = new OwnerText('group');

/** Within what doubles of this size lose; used beside an exact comparison of the lower 32 bits. */
function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) < 2 ** 20;
}
