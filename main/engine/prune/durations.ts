import { TriplicateError } from '../errors.ts';

/** restic's duration: `1y5m7d2h`, each part at most once or several times added; negative parts are not allowed. */
export interface Duration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

const PART = /^(\d+)([ymdh])/;
const FIELDS = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const;

/** Reads `2y5m7d3h` (years, months, days, hours). @throws `usage` */
export function parseDuration(text: string): Duration {
  const duration = { years: 0, months: 0, days: 0, hours: 0 };
  let rest = text;
  while (rest !== '') {
    const match = PART.exec(rest);
    const unit = match?.[2] as keyof typeof FIELDS | undefined;
    if (!match || !unit) {
      throw new TriplicateError('usage', `"${text}" is not a duration.`, {
        hint: 'Write years, months, days and hours as in 1y6m, 30d or 36h.',
      });
    }
    duration[FIELDS[unit]] += Number(match[1]);
    rest = rest.slice(match[0].length);
  }
  return duration;
}

export function isZeroDuration({ years, months, days, hours }: Duration): boolean {
  return years === 0 && months === 0 && days === 0 && hours === 0;
}

/** As restic writes it: `1y2m`, empty when zero. */
export function formatDuration({ years, months, days, hours }: Duration): string {
  const part = (value: number, unit: string): string => (value === 0 ? '' : `${value}${unit}`);
  return part(years, 'y') + part(months, 'm') + part(days, 'd') + part(hours, 'h');
}
