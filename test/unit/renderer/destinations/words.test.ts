import { expect, test } from 'vitest';
import { guessName, remoteLocation } from '../../../../renderer/destinations/choices.ts';
import { retentionWords } from '../../../../renderer/destinations/retention-words.ts';

test('keeping rules read as a sentence', () => {
  expect(
    retentionWords({
      keepAllHours: 24,
      hourlyForHours: 48,
      dailyForDays: 30,
      weeklyForWeeks: 12,
      monthlyForMonths: 24,
    }),
  ).toBe(
    'Keeps every version of the last day, one an hour for 2 days, one a day for 30 days, one a week for 12 weeks and one a month for 24 months. The newest version always stays.',
  );
  expect(
    retentionWords({ keepAllHours: 0, hourlyForHours: 0, dailyForDays: 0, weeklyForWeeks: 0, monthlyForMonths: 0 }),
  ).toContain('Only the newest');
});

test('locations and names of places', () => {
  expect(remoteLocation('b2', '/backups')).toBe('rclone:b2:backups');
  expect(remoteLocation('b2:', 'backups')).toBe('rclone:b2:backups');
  expect([guessName('rclone:drive:x'), guessName('/media/ada/BLUE/Triplicate'), guessName('/')]).toEqual([
    'Drive',
    'BLUE',
    'Disk',
  ]);
});
