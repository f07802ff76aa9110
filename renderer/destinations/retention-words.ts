import type { Retention } from '../../main/api/contract/destinations.ts';
import { list, plural } from '../parts/format.ts';

/** What the keeping rules mean, in one sentence. */
export function retentionWords(retention: Retention): string {
  const parts = [
    retention.keepAllHours > 0 ? `every version of the last ${hours(retention.keepAllHours).replace(/^1 /, '')}` : '',
    retention.hourlyForHours > 0 ? `one an hour for ${hours(retention.hourlyForHours)}` : '',
    retention.dailyForDays > 0 ? `one a day for ${plural(retention.dailyForDays, 'day')}` : '',
    retention.weeklyForWeeks > 0 ? `one a week for ${plural(retention.weeklyForWeeks, 'week')}` : '',
    retention.monthlyForMonths > 0 ? `one a month for ${plural(retention.monthlyForMonths, 'month')}` : '',
  ].filter((part) => part !== '');
  if (parts.length === 0) return 'Only the newest version stays. That is hardly a history: keep at least some days.';
  return `Keeps ${list(parts)}. The newest version always stays.`;
}

function hours(count: number): string {
  return count >= 24 && count % 24 === 0 ? plural(count / 24, 'day') : plural(count, 'hour');
}
