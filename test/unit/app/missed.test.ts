import { describe, expect, it } from 'vitest';
import { missedMoments } from '../../../main/app/engine-link/missed.ts';
import type { MomentInfo } from '../../../main/catalog/catalog.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-10T12:00:00.000Z');
const host = {
  clock: { now: () => BigInt(NOW) * 1_000_000n, sleep: async () => undefined },
  utcOffsetMinutes: () => 60,
};
const retention = { keepAllHours: 24, hourlyForHours: 0, dailyForDays: 3, weeklyForWeeks: 0, monthlyForMonths: 0 };

/** A moment so many hours ago, at these destinations. */
const moment = (hoursAgo: number, ...destinations: readonly string[]): MomentInfo => ({
  id: `${hoursAgo}`,
  time: new Date(NOW - hoursAgo * HOUR).toISOString(),
  copies: destinations.map((destinationId) => ({ destinationId, snapshotId: `${destinationId} ${hoursAgo}` })),
  changes: { added: 0, changed: 0, removed: 0 },
});
const away = (from: number, to: number) => ({
  from: new Date(NOW - from * HOUR).toISOString(),
  to: new Date(NOW - to * HOUR).toISOString(),
});

function missed(moments: readonly MomentInfo[], ...absences: readonly { from: string; to: string }[]): string[] {
  return missedEvery(0, moments, ...absences);
}

function missedEvery(
  minIntervalMinutes: number,
  moments: readonly MomentInfo[],
  ...absences: readonly { from: string; to: string }[]
): string[] {
  const facts = { folderId: 'f', moments, destinationId: 'disk', absences, retention, minIntervalMinutes, host };
  return missedMoments(facts).map((one) => one.copies.map(({ snapshotId }) => snapshotId).join('+'));
}

describe('what a destination missed', () => {
  it('is what others have from while it was away, oldest first', () => {
    const moments = [
      moment(1, 'disk', 'cloud'),
      moment(2, 'cloud'),
      moment(4, 'cloud', 'attic'),
      moment(6, 'disk', 'cloud'),
    ];
    expect(missed(moments, away(5, 1))).toEqual(['cloud 4+attic 4', 'cloud 2']);
  });

  it('is nothing from while it was there: it may be written to less often', () => {
    expect(missed([moment(1, 'disk'), moment(2, 'cloud'), moment(4, 'disk')])).toEqual([]);
    expect(missed([moment(1, 'disk'), moment(2, 'cloud'), moment(4, 'disk')], away(9, 8))).toEqual([]);
  });

  it('is nothing that it would thin out at once', () => {
    // Two days ago its rules keep one moment a day.
    const moments = [moment(1, 'disk'), moment(50, 'cloud'), moment(51, 'cloud'), moment(52, 'cloud')];
    expect(missed(moments, away(60, 30))).toEqual(['cloud 50']);
    // Where it keeps a later one of that day itself, it lacks none.
    expect(missed([...moments, moment(49, 'disk')], away(60, 49.5))).toEqual([]);
    expect(missed([moment(1, 'disk'), moment(24 * 9, 'cloud')], away(24 * 10, 24 * 8))).toEqual([]);
  });

  it('is nothing that it would not have got so soon after another', () => {
    const moments = [
      moment(1, 'disk'),
      ...[2, 3, 4, 5, 6, 7].map((hours) => moment(hours, 'cloud')),
      moment(8, 'disk'),
    ];
    expect(missedEvery(120, moments, away(7.5, 1.5))).toEqual(['cloud 6', 'cloud 4', 'cloud 2']);
    expect(missedEvery(24 * 60, moments, away(7.5, 1.5))).toEqual([]);
  });

  it('begins days at midnight here, as its own thinning out does', () => {
    // 23:30 and 22:30 UTC are 00:30 and 23:30 here: two days.
    const moments = [moment(1, 'disk'), moment(36.5, 'cloud'), moment(37.5, 'cloud')];
    expect(missed(moments, away(40, 30))).toEqual(['cloud 37.5', 'cloud 36.5']);
  });
});
