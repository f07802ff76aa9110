import type { Nanoseconds } from '../clock.ts';
import { TriplicateError } from '../errors.ts';

/**
 * A moment as it stands in a repository. Compare by `sameInstant`: the text of the same moment differs between zones.
 * A parsed time computes `ns` when it is asked for; it does not survive a thread border, its text does.
 */
export interface Timestamp {
  readonly ns: Nanoseconds;
  /** The text it was read from or is to be written as; without it, it is written with the local offset. */
  readonly text?: string;
}

const SECOND = 1_000_000_000n;
const MINUTE = 60 * 1_000_000_000;
const FIRST_NS = -62_167_219_200n * SECOND;
const END_NS = 253_402_300_800n * SECOND;

/**
 * RFC 3339 with up to nine digits of fraction, as Go's RFC3339Nano (format, section 8.4).
 * An instant outside the years 0000 to 9999, which some file systems can hold, becomes the nearest one within.
 * @param offsetMinutes minutes east of UTC in force at that instant; 0 gives `Z`
 */
export function formatTime(ns: Nanoseconds, offsetMinutes: number): string {
  const local = withinYears(offsetMinutes === 0 ? ns : ns + BigInt(offsetMinutes) * BigInt(MINUTE));
  let seconds = Number(local / SECOND);
  let nanos = Number(local % SECOND);
  if (nanos < 0) {
    nanos += 1e9;
    seconds -= 1;
  }
  return secondText(seconds) + fractionText(nanos) + zoneText(offsetMinutes);
}

function withinYears(local: Nanoseconds): Nanoseconds {
  if (local < FIRST_NS) return FIRST_NS;
  return local < END_NS ? local : END_NS - 1n;
}

/** `formatTime` with the offset that the system's zone has at that instant, which is what restic writes. */
export function formatLocalTime(ns: Nanoseconds): string {
  return formatTime(ns, localOffsetMinutes(ns));
}

/** Minutes east of UTC of the process's zone at that instant; depends on TZ only. */
export function localOffsetMinutes(ns: Nanoseconds): number {
  const quarter = Math.floor(Number(ns) / (15 * MINUTE));
  if (quarter === lastQuarter) return lastOffset;
  // No zone changes its offset except at a full quarter of an hour, so one look serves the whole quarter.
  const offset = -Math.round(new Date(quarter * 900_000).getTimezoneOffset());
  lastQuarter = quarter;
  lastOffset = Number.isFinite(offset) ? offset + 0 : 0;
  return lastOffset;
}

let lastQuarter = Number.NaN;
let lastOffset = 0;

/** Nanoseconds of an RFC 3339 text, tolerant as restic is (format, section 8.5). @throws `repo/damaged` */
export function parseTime(text: string): Nanoseconds {
  const match = RFC3339.exec(text);
  const fail = (): TriplicateError =>
    new TriplicateError('repo/damaged', `Not a time: ${JSON.stringify(text.slice(0, 40))}`);
  if (!match) throw fail();
  const [, year, month, day, hour, minute, second] = match.map(Number) as [number, ...number[]];
  const sign = match[8] === '-' ? -1 : 1;
  const zoneHours = Number(match[9] ?? 0);
  const zoneMinutes = Number(match[10] ?? 0);
  const fields = [year, month, day, hour, minute, second] as [number, number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(fields[0], fields[1] - 1, fields[2]);
  const exists = date.getUTCMonth() === fields[1] - 1 && date.getUTCDate() === fields[2];
  if (!exists || fields[3] > 23 || fields[4] > 59 || fields[5] > 59 || zoneHours > 24 || zoneMinutes > 59) throw fail();
  const seconds =
    date.getTime() / 1000 +
    fields[3] * 3600 +
    fields[4] * 60 +
    fields[5] -
    sign * (zoneHours * 3600 + zoneMinutes * 60);
  const nanos = Number((match[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return BigInt(seconds) * SECOND + BigInt(nanos);
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** A timestamp of a text, checked now, its nanoseconds computed when asked for. @throws `repo/damaged` */
export function timestampOf(text: string): Timestamp {
  const stamp = new ParsedTime(text);
  if (!PLAIN_UTC.test(text) || !isPlausible(text)) stamp.ns;
  return stamp;
}

/** True for the same instant, whatever the zone of the text. */
export function sameInstant(a: Timestamp, b: Timestamp): boolean {
  return (a.text !== undefined && a.text === b.text) || a.ns === b.ns;
}

/** Go's zero time, which a missing or `null` time means. */
export const ZERO_TIME: Timestamp = { ns: -62_135_596_800n * SECOND, text: '0001-01-01T00:00:00Z' };

/** What restic writes nearly always; days up to 28 exist in every month, later ones are computed to be sure. */
const PLAIN_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function isPlausible(text: string): boolean {
  const two = (at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
  const month = two(5);
  const day = two(8);
  if (month < 1 || month > 12 || day < 1 || day > 28) return false;
  if (two(11) > 23 || two(14) > 59 || two(17) > 59) return false;
  const end = text.length;
  return text.endsWith('Z') || (two(end - 5) < 24 && two(end - 2) < 60);
}

class ParsedTime implements Timestamp {
  readonly text: string;
  #ns: Nanoseconds | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get ns(): Nanoseconds {
    this.#ns ??= parseTime(this.text);
    return this.#ns;
  }
}

const DAYS = new Map<number, string>();
const MAX_DAYS = 4096;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

function secondText(seconds: number): string {
  const day = Math.floor(seconds / 86_400);
  const rest = seconds - day * 86_400;
  const hour = Math.floor(rest / 3600);
  const minute = Math.floor((rest - hour * 3600) / 60);
  return `${dayText(day)}${TWO_DIGITS[hour]}:${TWO_DIGITS[minute]}:${TWO_DIGITS[rest - hour * 3600 - minute * 60]}`;
}

/** `YYYY-MM-DDT`; few days are met again and again. */
function dayText(day: number): string {
  const known = DAYS.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * 86_400_000);
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const text = `${year}-${TWO_DIGITS[date.getUTCMonth() + 1]}-${TWO_DIGITS[date.getUTCDate()]}T`;
  if (DAYS.size >= MAX_DAYS) DAYS.clear();
  DAYS.set(day, text);
  return text;
}

function fractionText(nanos: number): string {
  if (nanos === 0) return '';
  let digits = 9;
  let value = nanos;
  while (value % 10 === 0) {
    value /= 10;
    digits--;
  }
  return `.${String(value).padStart(digits, '0')}`;
}

function zoneText(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z';
  const size = Math.abs(offsetMinutes);
  const hours = Math.floor(size / 60);
  return `${offsetMinutes < 0 ? '-' : '+'}${TWO_DIGITS[hours]}:${TWO_DIGITS[size - hours * 60]}`;
}
