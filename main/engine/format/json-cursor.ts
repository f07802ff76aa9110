import { compareRanges } from './compare-ranges.ts';

const ID_BYTES = 32;
const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const NO_DIGIT = 255;
const END_OF_UINT64 = 2n ** 64n;

/** The value of each character as a hex digit in lower case. */
const HEX = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX[digit.charCodeAt(0)] = value;

/**
 * Goes through JSON in a known layout without making objects of it. Every method passes over what it names and says
 * whether it was there, to the byte as Go writes it; after a false the place is not to be relied on.
 */
export class JsonCursor {
  readonly text: Uint8Array;
  at = 0;

  constructor(text: Uint8Array) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at === this.text.length;
  }

  skip(wanted: Uint8Array): boolean {
    const { text, at } = this;
    for (let i = 0; i < wanted.length; i++) if (text[at + i] !== wanted[i]) return false;
    this.at = at + wanted.length;
    return true;
  }

  skipByte(wanted: number): boolean {
    if (this.text[this.at] !== wanted) return false;
    this.at++;
    return true;
  }

  /** The rest of a string and its closing quote; not with an escape in it, which may stand for anything. */
  skipString(): boolean {
    const { text } = this;
    for (let at = this.at; at < text.length; at++) {
      const byte = text[at] as number;
      if (byte === BACKSLASH || byte < SPACE) return false;
      if (byte !== QUOTE) continue;
      this.at = at + 1;
      return true;
    }
    return false;
  }

  /** These bytes as they are in the rest of a string: nothing among them that would be written with an escape. */
  skipPlain(bytes: Uint8Array, start: number, end: number): boolean {
    const { text } = this;
    let at = this.at;
    for (let from = start; from < end; from++, at++) {
      const byte = bytes[from] as number;
      if (byte !== text[at] || byte === BACKSLASH || byte === QUOTE || byte < SPACE) return false;
    }
    this.at = at;
    return true;
  }

  /** The 64 hex digits of an id and the closing quote, into 32 bytes at `offset`. */
  readId(target: Uint8Array, offset: number): boolean {
    const { text } = this;
    let at = this.at;
    for (let i = 0; i < ID_BYTES; i++) {
      const high = HEX[text[at++] ?? 0] as number;
      const low = HEX[text[at++] ?? 0] as number;
      if (high === NO_DIGIT || low === NO_DIGIT) return false;
      target[offset + i] = (high << 4) | low;
    }
    if (text[at] !== QUOTE) return false;
    this.at = at + 1;
    return true;
  }

  /** A whole number up to 2^53; -1 when there is none, or one with needless zeros. */
  readNumber(): number {
    const start = this.at;
    let value = 0;
    for (let digit = this.digit(); digit >= 0; digit = this.digit()) {
      value = value * 10 + digit;
      this.at++;
    }
    return this.isNumberFrom(start) && value <= Number.MAX_SAFE_INTEGER ? value : -1;
  }

  /** Passes over a whole number below 2^64, however many of its digits a double would keep. */
  skipUint64(): boolean {
    const start = this.at;
    while (this.digit() >= 0) this.at++;
    const digits = this.at - start;
    return (
      this.isNumberFrom(start) &&
      (digits < 20 || (digits === 20 && BigInt(this.textFrom(start, this.at)) < END_OF_UINT64))
    );
  }

  /** Bytes of ASCII; nothing when it ends before it begins. */
  textFrom(start: number, end: number): string {
    const { buffer, byteOffset } = this.text;
    return Buffer.from(buffer, byteOffset + start, Math.max(0, end - start)).toString('latin1');
  }

  /** Passes over what stands from `start` to `end`, where it is here once more. */
  skipAgain(start: number, end: number): boolean {
    const { text, at } = this;
    for (let from = start, to = at; from < end; from++, to++) if (text[from] !== text[to]) return false;
    this.at = at + end - start;
    return true;
  }

  /** Whether these bytes come before those from `next` to `nextEnd`, and are not the same. */
  isAscending(start: number, end: number, next: number, nextEnd: number): boolean {
    return compareRanges(this.text, start, end, this.text, next, nextEnd) < 0;
  }

  /** The digit that is next; negative when it is none. */
  digit(): number {
    const digit = (this.text[this.at] ?? 0) - ZERO;
    return digit <= 9 ? digit : -1;
  }

  /** Whether the digits from `start` to here are a number without needless zeros. */
  isNumberFrom(start: number): boolean {
    const digits = this.at - start;
    return digits > 0 && (digits === 1 || this.text[start] !== ZERO);
  }
}
