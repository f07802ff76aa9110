import { formatTime } from './time.ts';

/** `2006-01-02T` */
const DAY_LENGTH = 11;
/** The longest text: `2006-01-02T15:04:05.999999999+01:00`. */
export const TIME_LENGTH = 35;
const SECOND = 1_000_000_000n;
const QUARTER = 900;
const DAY = 86_400;
/** Ten years before the year 10000, from which on no text is as long as the others. */
const LAST_PLAIN = 252_000_000_000;
const ZERO = 0x30;
const COLON = 0x3a;
const POINT = 0x2e;

/** Writes times as `formatTime` does (format, section 8.4), without an object for each. */
export class TimeWriter {
  readonly #offsetMinutes: (ns: bigint) => number;
  #quarter = Number.NaN;
  #offset = 0;
  /** The day and zone that were written last: those of neighbours are the same more often than not. */
  #day = Number.NaN;
  #dayText = new Uint8Array(DAY_LENGTH);
  #zoneOffset = Number.NaN;
  #zoneText = new Uint8Array();

  /** @param offsetMinutes minutes east of UTC in force at an instant; changes at full quarters of an hour only */
  constructor(offsetMinutes: (ns: bigint) => number) {
    this.#offsetMinutes = offsetMinutes;
  }

  /**
   * Writes an instant to `target`, which has room for `TIME_LENGTH` bytes at `at`. Gives where its text ends.
   * @param seconds since 1970, whole, rounded down; with `nanos` the instant
   */
  write(target: Uint8Array, at: number, seconds: number, nanos: number): number {
    const offset = this.#offsetAt(seconds);
    const local = seconds + offset * 60;
    if (!(local >= 0 && local < LAST_PLAIN)) {
      const text = Buffer.from(formatTime(BigInt(seconds) * SECOND + BigInt(nanos), offset), 'latin1');
      target.set(text, at);
      return at + text.length;
    }
    const day = Math.floor(local / DAY);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayText.set(Buffer.from(formatTime(BigInt(day * DAY) * SECOND, 0).slice(0, DAY_LENGTH), 'latin1'));
    }
    for (let n = 0; n < DAY_LENGTH; n++) target[at + n] = this.#dayText[n] as number;
    const ofDay = local - day * DAY;
    const hour = (ofDay / 3600) | 0;
    const minute = ((ofDay - hour * 3600) / 60) | 0;
    let end = writeTwo(target, at + DAY_LENGTH, hour);
    target[end] = COLON;
    end = writeTwo(target, end + 1, minute);
    target[end] = COLON;
    end = writeTwo(target, end + 1, ofDay - hour * 3600 - minute * 60);
    return this.#writeZone(target, writeFraction(target, end, nanos), offset);
  }

  #offsetAt(seconds: number): number {
    const quarter = Math.floor(seconds / QUARTER);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#offset = this.#offsetMinutes(BigInt(quarter * QUARTER) * SECOND);
    }
    return this.#offset;
  }

  #writeZone(target: Uint8Array, at: number, offset: number): number {
    if (offset !== this.#zoneOffset) {
      this.#zoneOffset = offset;
      this.#zoneText = Buffer.from(formatTime(0n, offset).replace(/^.{19}/, ''), 'latin1');
    }
    const text = this.#zoneText;
    for (let n = 0; n < text.length; n++) target[at + n] = text[n] as number;
    return at + text.length;
  }
}

function writeTwo(target: Uint8Array, at: number, value: number): number {
  const tens = (value / 10) | 0;
  target[at] = ZERO + tens;
  target[at + 1] = ZERO + value - tens * 10;
  return at + 2;
}

/** Up to nine digits without zeros at the end; nothing for no fraction. */
function writeFraction(target: Uint8Array, at: number, nanos: number): number {
  if (nanos === 0) return at;
  let value = nanos | 0;
  let digits = 9;
  for (let rest = (value / 10) | 0; rest * 10 === value; rest = (value / 10) | 0) {
    value = rest;
    digits--;
  }
  target[at] = POINT;
  for (let n = digits; n > 0; n--) {
    const rest = (value / 10) | 0;
    target[at + n] = ZERO + value - rest * 10;
    value = rest;
  }
  return at + 1 + digits;
}
