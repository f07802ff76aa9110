import { isUtf8 } from 'node:buffer';
import { isBase64 } from '../format/json-document.ts';
import { goModeOf } from '../format/mode.ts';
import { parseTime } from '../format/time.ts';
import type { NodeType } from '../format/tree.ts';
import { linksOf, sizeOf, typeOf } from './entry.ts';
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
  SIZE,
  STAT_FIELDS,
  UID,
} from './listing.ts';
import type { OwnerNames } from './owner-names.ts';
import type { Selection } from './selection.ts';

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
export function compareDirectory(
  text: Uint8Array,
  listing: Listing,
  rules: { readonly owners: OwnerNames; readonly selection: Pick<Selection, 'isTooLarge'> },
): SameDirectory | null {
  return new Comparison(text, listing, rules).run();
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const OPEN = bytes('{"nodes":[');
const CLOSE = bytes(']}\n');
const NAME = bytes('{"name":"');
const TYPES: Readonly<Record<NodeType, Uint8Array>> = {
  file: bytes('","type":"file"'),
  dir: bytes('","type":"dir"'),
  symlink: bytes('","type":"symlink"'),
  dev: bytes('","type":"dev"'),
  chardev: bytes('","type":"chardev"'),
  fifo: bytes('","type":"fifo"'),
  socket: bytes('","type":"socket"'),
};
const MODE_KEY = bytes(',"mode":');
const MTIME_KEY = bytes(',"mtime":"');
const ATIME_KEY = bytes(',"atime":"');
const CTIME_KEY = bytes(',"ctime":"');
const UID_KEY = bytes(',"uid":');
const GID_KEY = bytes(',"gid":');
const INODE_KEY = bytes(',"inode":');
const DEVICE_KEY = bytes(',"device_id":');
const SIZE_KEY = bytes(',"size":');
const LINKS_KEY = bytes(',"links":');
const LINK_TARGET_KEY = bytes(',"linktarget":"');
const ATTRIBUTES = bytes(',"extended_attributes":[');
const ATTRIBUTE_NAME = bytes('{"name":"');
const ATTRIBUTE_VALUE = bytes(',"value":"');
const DEVICE_NUMBER_KEY = bytes(',"device":');
const NO_CONTENT = bytes(',"content":null');
const EMPTY_CONTENT = bytes(',"content":[]');
const CONTENT = bytes(',"content":["');
const NEXT_ID = bytes(',"');
const SUBTREE_KEY = bytes(',"subtree":"');

const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const BRACKET_END = 0x5d;
const BRACE_END = 0x7d;
const ID_BYTES = 32;
const NO_DIGIT = 255;
const HEX = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX[digit.charCodeAt(0)] = value;
/** `2006-01-02T15:04`, to which seconds, fraction and zone are added. */
const MINUTE_LENGTH = 16;
const LONGEST_TIME = 40;
const COLON = 0x3a;
const POINT = 0x2e;
const UTC = 0x5a;
const EAST = 0x2b;
const WEST = 0x2d;
const TWO_32 = 2 ** 32;

/** Ids of the directory at hand; what it held is read before the next one is compared. */
let ids = new Uint8Array(1024 * ID_BYTES);

/** The minute and zone that were met last, as text: the times of neighbours share them more often than not. */
const lastMinuteBytes = new Uint8Array(64);
let lastZoneLength = 0;
let lastMinuteSeconds = Number.NaN;

class Comparison {
  readonly #text: Uint8Array;
  readonly #listing: Listing;
  /** The rows of stats as 32-bit halves, low before high: numbers, where 64 bits would be objects. */
  readonly #low: Uint32Array;
  readonly #high: Int32Array;
  readonly #owners: OwnerNames;
  readonly #selection: Pick<Selection, 'isTooLarge'>;
  readonly #directories: { readonly position: number; readonly start: number; readonly end: number }[] = [];
  #at = 0;
  #files = 0;
  #bytes = 0;
  #ids = 0;
  #seconds = 0;
  #nanos = 0;

  constructor(
    text: Uint8Array,
    listing: Listing,
    { owners, selection }: { readonly owners: OwnerNames; readonly selection: Pick<Selection, 'isTooLarge'> },
  ) {
    this.#text = text;
    this.#listing = listing;
    const { buffer, byteOffset, length } = listing.stats;
    this.#low = new Uint32Array(buffer, byteOffset, length * 2);
    this.#high = new Int32Array(buffer, byteOffset, length * 2);
    this.#owners = owners;
    this.#selection = selection;
  }

  run(): SameDirectory | null {
    if (!this.#skip(OPEN)) return null;
    for (let position = 0; position < this.#listing.count; position++) {
      if (position > 0 && !this.#skipByte(COMMA)) return null;
      if (!this.#entry(position)) return null;
    }
    if (!this.#skip(CLOSE) || this.#at !== this.#text.length) return null;
    const contentIds = ids.subarray(0, this.#ids * ID_BYTES);
    return { files: this.#files, bytes: this.#bytes, contentIds, directories: this.#directories };
  }

  /** Fields in the order in which they are written; those that are zero are not. */
  #entry(position: number): boolean {
    const row = position * STAT_FIELDS;
    const start = this.#at;
    const mode = this.#number(row + MODE);
    if (mode === 0) return false;
    const type = typeOf(mode);
    const uid = this.#number(row + UID);
    const gid = this.#number(row + GID);
    const size = sizeOf(type, this.#number(row + SIZE));
    const isSame =
      this.#name(position) &&
      this.#skip(TYPES[type]) &&
      this.#isNumber(MODE_KEY, goModeOf(mode)) &&
      this.#isTime(MTIME_KEY, row + MTIME) &&
      this.#time(ATIME_KEY) &&
      this.#isTime(CTIME_KEY, row + CTIME) &&
      this.#isPresentNumber(UID_KEY, uid) &&
      this.#isPresentNumber(GID_KEY, gid) &&
      this.#skip(USER.of(this.#owners.user(uid))) &&
      this.#skip(GROUP.of(this.#owners.group(gid))) &&
      this.#isLargeNumber(INODE_KEY, row + INODE) &&
      this.#isLargeNumber(DEVICE_KEY, row + DEVICE) &&
      this.#isNumber(SIZE_KEY, size) &&
      this.#isNumber(LINKS_KEY, linksOf(type, this.#number(row + LINKS))) &&
      (type !== 'symlink' || this.#skipText(LINK_TARGET_KEY)) &&
      this.#attributes() &&
      (!isDevice(type) || this.#isNumber(DEVICE_NUMBER_KEY, this.#number(row + DEVICE_NUMBER))) &&
      (type === 'file' ? this.#content() : this.#skip(NO_CONTENT)) &&
      (type !== 'dir' || this.#subtree()) &&
      this.#skipByte(BRACE_END);
    if (!isSame) return false;
    if (type === 'file') {
      if (this.#selection.isTooLarge(size)) return false;
      this.#files++;
      this.#bytes += size;
    } else if (type === 'dir') this.#directories.push({ position, start, end: this.#at });
    return true;
  }

  /** A name that is written as it is: with an escape in it, it may be another one than its bytes say. */
  #name(position: number): boolean {
    if (!this.#skip(NAME)) return false;
    const { names, ends } = this.#listing;
    const text = this.#text;
    const end = ends[position] as number;
    const first = position === 0 ? 0 : (ends[position - 1] as number);
    let at = this.#at;
    let isAscii = true;
    for (let from = first; from < end; from++, at++) {
      const byte = names[from] as number;
      if (byte !== text[at] || byte === BACKSLASH || byte === QUOTE || byte < SPACE) return false;
      if (byte > 0x7f) isAscii = false;
    }
    this.#at = at;
    return isAscii || isUtf8(names.subarray(first, end));
  }

  /** Changing them changes the ctime, so what they say is not looked at. */
  #attributes(): boolean {
    if (!this.#skip(ATTRIBUTES)) return true;
    do {
      if (!this.#skipText(ATTRIBUTE_NAME)) return false;
      const start = this.#at + ATTRIBUTE_VALUE.length;
      if (!this.#skipText(ATTRIBUTE_VALUE)) return false;
      const { buffer, byteOffset } = this.#text;
      const value = Buffer.from(buffer, byteOffset + start, this.#at - 1 - start).toString('latin1');
      if (!isBase64(value) || !this.#skipByte(BRACE_END)) return false;
    } while (this.#skipByte(COMMA));
    return this.#skipByte(BRACKET_END);
  }

  #content(): boolean {
    if (this.#skip(EMPTY_CONTENT)) return true;
    if (!this.#skip(CONTENT)) return false;
    do if (!this.#id()) return false;
    while (this.#skip(NEXT_ID));
    return this.#skipByte(BRACKET_END);
  }

  #subtree(): boolean {
    if (!this.#skip(SUBTREE_KEY) || !this.#id()) return false;
    // It was only passed over.
    this.#ids--;
    return true;
  }

  /** 64 hex digits and the closing quote. */
  #id(): boolean {
    const text = this.#text;
    const offset = this.#ids * ID_BYTES;
    if (offset === ids.length) {
      const wider = new Uint8Array(ids.length * 2);
      wider.set(ids);
      ids = wider;
    }
    let at = this.#at;
    for (let i = 0; i < ID_BYTES; i++) {
      const high = HEX[text[at++] ?? 0] as number;
      const low = HEX[text[at++] ?? 0] as number;
      if (high === NO_DIGIT || low === NO_DIGIT) return false;
      ids[offset + i] = (high << 4) | low;
    }
    if (text[at] !== QUOTE) return false;
    this.#at = at + 1;
    this.#ids++;
    return true;
  }

  /** A key with this value, or nothing for zero. */
  #isNumber(key: Uint8Array, value: number): boolean {
    return value === 0 || this.#isPresentNumber(key, value);
  }

  #isPresentNumber(key: Uint8Array, value: number): boolean {
    if (!this.#skip(key)) return false;
    const start = this.#at;
    let read = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) {
      read = read * 10 + digit;
      this.#at++;
    }
    return this.#isWhole(start, 15) && read === value;
  }

  /** As `#isNumber` for up to 64 bits: the lower half exactly, the whole as nearly as a double holds it. */
  #isLargeNumber(key: Uint8Array, field: number): boolean {
    const low = this.#low[field * 2] as number;
    const high = (this.#high[field * 2 + 1] as number) >>> 0;
    if (low === 0 && high === 0) return true;
    if (!this.#skip(key)) return false;
    const start = this.#at;
    let readLow = 0;
    let read = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) {
      readLow = (Math.imul(readLow, 10) + digit) >>> 0;
      read = read * 10 + digit;
      this.#at++;
    }
    return this.#isWhole(start, 20) && readLow === low && isNear(read, high * TWO_32 + low);
  }

  /** Whether the digits from there on are a number as JSON has it, not longer than this. */
  #isWhole(start: number, longest: number): boolean {
    const digits = this.#at - start;
    return digits > 0 && digits <= longest && (digits === 1 || this.#text[start] !== ZERO);
  }

  /** RFC 3339 with the same instant in it. */
  #isTime(key: Uint8Array, field: number): boolean {
    if (!this.#time(key)) return false;
    const low = this.#low[field * 2];
    const isLowSame = low === (Math.imul(this.#seconds, 1e9) + this.#nanos) >>> 0;
    return isLowSame && isNear(this.#seconds * 1e9 + this.#nanos, this.#number(field));
  }

  /** Reads a time into `#seconds` and `#nanos`. */
  #time(key: Uint8Array): boolean {
    if (!this.#skip(key)) return false;
    const text = this.#text;
    const start = this.#at;
    let end = start;
    while (text[end] !== QUOTE) if (++end - start > LONGEST_TIME) return false;
    // 2006-01-02T15:04:05.999999999+01:00
    let at = start + MINUTE_LENGTH;
    if (text[at++] !== COLON) return false;
    const second = digitOf(text[at]) * 10 + digitOf(text[at + 1]);
    at += 2;
    this.#nanos = 0;
    if (text[at] === POINT) {
      let unit = 1e9;
      if (!(digitOf(text[at + 1]) >= 0)) return false;
      for (at++; unit > 1 && digitOf(text[at]) >= 0; at++) {
        unit /= 10;
        this.#nanos += digitOf(text[at]) * unit;
      }
    }
    if (text[at] !== UTC && text[at] !== EAST && text[at] !== WEST) return false;
    this.#at = end + 1;
    this.#seconds = secondsOfMinute(text, start, at, end) + second;
    return second < 60 && this.#seconds === Math.trunc(this.#seconds);
  }

  /** A key and its text, whatever it says; not one with an escape in it. */
  #skipText(key: Uint8Array): boolean {
    if (!this.#skip(key)) return false;
    const text = this.#text;
    for (let at = this.#at; at < text.length; at++) {
      const byte = text[at] as number;
      if (byte === BACKSLASH || byte < SPACE) return false;
      if (byte !== QUOTE) continue;
      this.#at = at + 1;
      return true;
    }
    return false;
  }

  #skip(wanted: Uint8Array): boolean {
    const text = this.#text;
    const start = this.#at;
    for (let i = 0; i < wanted.length; i++) if (text[start + i] !== wanted[i]) return false;
    this.#at = start + wanted.length;
    return true;
  }

  #skipByte(wanted: number): boolean {
    if (this.#text[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }

  #digit(): number {
    const digit = (this.#text[this.#at] ?? 0) - 0x30;
    return digit <= 9 ? digit : -1;
  }

  /** A field that 53 bits hold. */
  #number(field: number): number {
    return (this.#high[field * 2 + 1] as number) * TWO_32 + (this.#low[field * 2] as number);
  }
}

/** What no text has, so that a name with an escape in it is never found. */
const NEVER = bytes('\0');

/** The name of an owner as nodes have it; that of the last one is kept, as neighbours mostly have the same. */
class OwnerText {
  readonly #key: 'user' | 'group';
  #name: string | undefined;
  #text = NEVER;

  constructor(key: 'user' | 'group') {
    this.#key = key;
  }

  /** Nothing for a name that nobody knows. */
  of(name: string): Uint8Array {
    if (name !== this.#name) {
      this.#name = name;
      const isPlain = /^[\w .@-]*$/.test(name);
      this.#text = !isPlain ? NEVER : name === '' ? new Uint8Array(0) : bytes(`,"${this.#key}":"${name}"`);
    }
    return this.#text;
  }
}

const USER = new OwnerText('user');
const GROUP = new OwnerText('group');

function isDevice(type: NodeType): boolean {
  return type === 'dev' || type === 'chardev';
}

/** NaN for what is none, which nothing is equal to. */
function digitOf(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : Number.NaN;
}

/** Within what doubles of this size lose; used beside an exact comparison of the lower 32 bits. */
function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) < 2 ** 20;
}

/** Seconds since 1970 at the beginning of a minute (16 bytes at `start`) in its zone; NaN when it is no time. */
function secondsOfMinute(text: Uint8Array, start: number, zoneStart: number, end: number): number {
  const zoneLength = end - zoneStart;
  if (zoneLength !== lastZoneLength || !isLastMinute(text, start, zoneStart)) {
    lastMinuteBytes.set(text.subarray(start, start + MINUTE_LENGTH));
    lastMinuteBytes.set(text.subarray(zoneStart, end), MINUTE_LENGTH);
    lastZoneLength = zoneLength;
    lastMinuteSeconds = parseMinute(Buffer.from(lastMinuteBytes.subarray(0, MINUTE_LENGTH + zoneLength)));
  }
  return lastMinuteSeconds;
}

function isLastMinute(text: Uint8Array, start: number, zoneStart: number): boolean {
  for (let i = 0; i < MINUTE_LENGTH; i++) if (text[start + i] !== lastMinuteBytes[i]) return false;
  for (let i = 0; i < lastZoneLength; i++) if (text[zoneStart + i] !== lastMinuteBytes[MINUTE_LENGTH + i]) return false;
  return true;
}

function parseMinute(minuteAndZone: Buffer): number {
  const text = minuteAndZone.toString('latin1');
  try {
    return Number(parseTime(`${text.slice(0, MINUTE_LENGTH)}:00${text.slice(MINUTE_LENGTH)}`) / 1_000_000_000n);
  } catch {
    return Number.NaN;
  }
}
