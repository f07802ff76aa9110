import type { JsonCursor } from './json-cursor.ts';
import { parseTime } from './time.ts';

/** `2006-01-02T15:04`, to which seconds, fraction and zone are added. */
const MINUTE_LENGTH = 16;
const LONGEST_TIME = 40;
const QUOTE = 0x22;
const COLON = 0x3a;
const POINT = 0x2e;
const UTC = 0x5a;
const EAST = 0x2b;
const WEST = 0x2d;

/** Reads RFC 3339 texts (format, section 8.4) as numbers, without an object for each. */
export class TimeReader {
  /** Since 1970; with `nanos` the instant that was read last. */
  seconds = 0;
  nanos = 0;
  /** The minute and zone that were met last, as text: the times of neighbours share them more often than not. */
  readonly #minute = new Uint8Array(64);
  #zoneLength = 0;
  #minuteSeconds = Number.NaN;

  /** Passes over the rest of a string that is a time, and its closing quote. False for what `parseTime` refuses. */
  read(cursor: JsonCursor): boolean {
    const { text, at: start } = cursor;
    let end = start;
    while (text[end] !== QUOTE) if (++end - start > LONGEST_TIME) return false;
    // 2006-01-02T15:04:05.999999999+01:00
    let at = start + MINUTE_LENGTH;
    if (text[at++] !== COLON) return false;
    const second = digitOf(text[at]) * 10 + digitOf(text[at + 1]);
    at += 2;
    this.nanos = 0;
    if (text[at] === POINT) {
      if (!(digitOf(text[++at]) >= 0)) return false;
      for (let unit = 1e8; unit >= 1 && digitOf(text[at]) >= 0; at++, unit /= 10) {
        this.nanos += digitOf(text[at]) * unit;
      }
    }
    if (text[at] !== UTC && text[at] !== EAST && text[at] !== WEST) return false;
    cursor.at = end + 1;
    this.seconds = this.#secondsOfMinute(text, start, at, end) + second;
    return second < 60 && !Number.isNaN(this.seconds);
  }

  /** Seconds since 1970 at the beginning of a minute in its zone; NaN when it is no time. */
  #secondsOfMinute(text: Uint8Array, start: number, zoneStart: number, end: number): number {
    const zoneLength = end - zoneStart;
    if (zoneLength !== this.#zoneLength || !this.#isSameMinute(text, start, zoneStart)) {
      this.#minute.set(text.subarray(start, start + MINUTE_LENGTH));
      this.#minute.set(text.subarray(zoneStart, end), MINUTE_LENGTH);
      this.#zoneLength = zoneLength;
      this.#minuteSeconds = this.#parseMinute();
    }
    return this.#minuteSeconds;
  }

  #isSameMinute(text: Uint8Array, start: number, zoneStart: number): boolean {
    const minute = this.#minute;
    for (let i = 0; i < MINUTE_LENGTH; i++) if (text[start + i] !== minute[i]) return false;
    for (let i = 0; i < this.#zoneLength; i++) if (text[zoneStart + i] !== minute[MINUTE_LENGTH + i]) return false;
    return true;
  }

  #parseMinute(): number {
    const text = Buffer.from(this.#minute.subarray(0, MINUTE_LENGTH + this.#zoneLength)).toString('latin1');
    try {
      return Number(parseTime(`${text.slice(0, MINUTE_LENGTH)}:00${text.slice(MINUTE_LENGTH)}`) / 1_000_000_000n);
    } catch {
      return Number.NaN;
    }
  }
}

/** NaN for what is none, which nothing is equal to. */
function digitOf(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : Number.NaN;
}
