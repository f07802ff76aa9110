/** Numbers, sizes and times in words for a person. Pure: the present moment is handed in. */

const SIZE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** English words surround every date, so a language other than English would only mix two. */
const LOCALE = globalThis.navigator?.language?.startsWith('en') === true ? navigator.language : 'en-GB';

/** `0 bytes`, `1 byte`, `4.2 kB`, `18 GB`: decimal, as printed on disks; three digits at most. */
export function size(bytes: number): string {
  if (bytes < 1000) return plural(Math.round(bytes), 'byte');
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${SIZE_UNITS[unit]}`;
}

/** `12.4 MB/s` and the like. */
export function rate(bytesPerSecond: number): string {
  return `${size(bytesPerSecond)}/s`;
}

/** `1,204`. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 file`, `1,204 files`; an irregular plural is handed in. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const STEPS = [
  { limit: 60, seconds: 1, word: 'second' },
  { limit: 3_600, seconds: 60, word: 'minute' },
  { limit: 86_400, seconds: 3_600, word: 'hour' },
  { limit: 30 * 86_400, seconds: 86_400, word: 'day' },
  { limit: 365 * 86_400, seconds: 30 * 86_400, word: 'month' },
  { limit: Number.POSITIVE_INFINITY, seconds: 365 * 86_400, word: 'year' },
] as const;

/** `just now`, `4 minutes ago`, `in 2 hours`. */
export function ago(moment: string, now: number): string {
  const seconds = (now - Date.parse(moment)) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 45) return 'just now';
  const words = spanWords(distance);
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** `12 seconds`, `4 minutes`, `1 hour`. */
export function spanWords(seconds: number): string {
  const rounded = Math.max(1, seconds);
  const step = STEPS.find(({ limit, seconds: unit }) => Math.round(rounded / unit) * unit < limit) ?? STEPS[5];
  return plural(Math.round(rounded / step.seconds), step.word);
}

/** What is left of a run: `a few seconds left`, `about 4 minutes left`; empty while it is not known. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 10) return 'a few seconds left';
  if (seconds < 60) return `about ${Math.ceil(seconds / 10) * 10} seconds left`;
  return `about ${spanWords(seconds)} left`;
}

/** `Monday 23 November 2026, 14:05:09`, for whoever wants it exactly. */
export function exactTime(moment: string): string {
  return new Date(moment).toLocaleString(LOCALE, { dateStyle: 'full', timeStyle: 'medium' });
}

/** `minutes` unless that would make two moments look the same. */
export type Precision = 'minutes' | 'with-seconds';

/** `14:05` or `14:05:09`. */
export function clockTime(moment: string, precision: Precision = 'minutes'): string {
  return new Date(moment).toLocaleTimeString(LOCALE, clock(precision));
}

function clock(precision: Precision): Intl.DateTimeFormatOptions {
  return { hour: '2-digit', minute: '2-digit', ...(precision === 'with-seconds' ? { second: '2-digit' } : {}) };
}

/** `Today`, `Yesterday`, `Thursday 12 November`, with the year when it is another one. */
export function dayName(moment: string, now: number): string {
  const date = new Date(moment);
  const today = new Date(now);
  const days = Math.round((startOfDay(today) - startOfDay(date)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return date.toLocaleDateString(LOCALE, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(date.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' }),
  });
}

/** `12 Nov 2026, 14:05`. */
export function shortTime(moment: string, precision: Precision = 'minutes'): string {
  return new Date(moment).toLocaleString(LOCALE, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...clock(precision),
  });
}

/** `12 Nov`, with the year when it is another one. */
export function shortDate(moment: string, now: number): string {
  const date = new Date(moment);
  return date.toLocaleDateString(LOCALE, {
    day: 'numeric',
    month: 'short',
    ...(date.getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' }),
  });
}

/** `A`, `A and B`, `A, B and C`. */
export function list(words: readonly string[]): string {
  if (words.length <= 1) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** A path that fits: the home folder as `~`. */
export function homePath(path: string, home: string | undefined): string {
  if (home === undefined || home === '' || (path !== home && !path.startsWith(`${home}/`))) return path;
  return `~${path.slice(home.length)}`;
}

/** The last part of a path, whichever way its slashes lean. */
export function lastName(path: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== '');
  return parts.at(-1) ?? path;
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
