import type { JsonCursor } from './json-cursor.ts';
import { parseTime } from './time.ts';

/** `2006-01-02`, to which the time of day and the zone are added. */
const DAY_LENGTH = 10;
/** `2006-01-02T15:04:05`, to which fraction and zone are added. */
const SECOND_LENGTH = 19;
const LONGEST_TIME = 40;
const QUOTE = 0x22;
const COLON = 0x3a;
const POINT = 0x2e;
const UTC = 0x5a;
const EAST = 0x2b;
const WEST = 0x2d;
const TIME_OF_DAY = 0x54;

/** Reads RFC 3339 texts (format, section 8.4) as numbers, without an object for each. */
export class TimeReader {
  /** Since 1970; with `nanos` the instant that was read last. */
  seconds = 0;
  nanos = 0;
  /** The day and zone that were met last, as text: the times of neighbours share them more often than not. */
  readonly #day = new Uint8Array(64);
  #zoneLength = 0;
  #daySeconds = Number.NaN;

  /** Passes over the rest of a string that is a time, and its closing quote. False for what `parseTime` refuses. */
  read(cursor: JsonCursor): boolean {
    const { text, at: start } = cursor;
    let end = start;
    while (text[end] !== QUOTE) if (++end - start > LONGEST_TIME) return false;
    // 2006-01-02T15:04:05.999999999+01:00
    if (text[start + 10] !== TIME_OF_DAY || text[start + 13] !== COLON || text[start + 16] !== COLON) return false;
    const hour = twoDigits(text, start + 11);
    const minute = twoDigits(text, start + 14);
    const second = twoDigits(text, start + 17);
    // Not the other way round: what is no number is not below either.
    if (!(hour < 24 && minute < 60 && second < 60)) return false;
    let at = start + SECOND_LENGTH;
    this.nanos = 0;
    if (text[at] === POINT) {
      if (!(digitOf(text[++at]) >= 0)) return false;
      for (let unit = 1e8; unit >= 1 && digitOf(text[at]) >= 0; at++, unit /= 10) {
        this.nanos += digitOf(text[at]) * unit;
      }
    }
    if (text[at] !== UTC && text[at] !== EAST && text[at] !== WEST) return false;
    cursor.at = end + 1;
    this.seconds = this.#secondsOfDay(text, start, at, end) + hour * 3600 + minute * 60 + second;
    return !Number.isNaN(this.seconds);
  }

  /** Seconds since 1970 at the beginning of a day in its zone; NaN when there is no such day or zone. */
  #secondsOfDay(text: Uint8Array, start: number, zoneStart: number, end: number): number {
    const zoneLength = end - zoneStart;
    if (zoneLength !== this.#zoneLength || !this.#isSameDay(text, start, zoneStart)) {
      this.#day.set(text.subarray(start, start + DAY_LENGTH));
      this.#day.set(text.subarray(zoneStart, end), DAY_LENGTH);
      this.#zoneLength = zoneLength;
      this.#daySeconds = this.#parseDay();
    }
    return this.#daySeconds;
  }

  #isSameDay(text: Uint8Array, start: number, zoneStart: number): boolean {
    const day = this.#day;
    // From the end: days of one month differ there.
    for (let i = DAY_LENGTH - 1; i >= 0; i--) if (text[start + i] !== day[i]) return false;
    for (let i = 0; i < this.#zoneLength; i++) if (text[zoneStart + i] !== day[DAY_LENGTH + i]) return false;
    return true;
  }

  #parseDay(): number {
    const text = Buffer.from(this.#day.subarray(0, DAY_LENGTH + this.#zoneLength)).toString('latin1');
    try {
      return Number(parseTime(`${text.slice(0, DAY_LENGTH)}T00:00:00${text.slice(DAY_LENGTH)}`) / 1_000_000_000n);
    } catch {
      return Number.NaN;
    }
  }
}

function twoDigits(text: Uint8Array, at: number): number {
  return digitOf(text[at]) * 10 + digitOf(text[at + 1]);
}

/** NaN for what is none, which nothing is equal to. */
function digitOf(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : Number.NaN;
}
