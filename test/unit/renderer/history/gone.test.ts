import { describe, expect, test } from 'vitest';
import type { TimelineMoment, Version } from '../../../../main/api/contract/history.ts';
import { gapBefore, goneShort, goneSince, goneWords } from '../../../../renderer/history/gone.ts';
import { clockTime, shortDate, shortTime } from '../../../../renderer/parts/format.ts';

const NOW = new Date(2026, 10, 23, 12).getTime();
const at = (day: number, hour: number, minute = 0, second = 0) =>
  new Date(2026, 10, day, hour, minute, second).toISOString();
const moments = [at(23, 11), at(23, 10), at(21, 9, 0, 20), at(21, 9, 0, 5), at(19, 8)].map(
  (time) => ({ time }) as TimelineMoment,
);

describe('when something went', () => {
  test('is between the moment that has it and the next one', () => {
    expect(goneSince(at(23, 10), moments)).toEqual({ lastSeenAt: at(23, 10), missingAt: at(23, 11) });
    expect(goneSince(at(19, 8), moments).missingAt).toBe(at(21, 9, 0, 5));
  });

  test('has no end when no later moment is kept', () => {
    const gone = goneSince(at(23, 11), moments);
    expect(gone.missingAt).toBeNull();
    expect(goneWords(gone, NOW)).toBe(`after ${shortTime(at(23, 11))}`);
    expect(goneShort(gone, NOW)).toBe(`after ${shortDate(at(23, 11), NOW)}`);
  });

  test('names the day once, and seconds only where minutes would be the same', () => {
    const clock = (day: number, hour: number) => clockTime(at(day, hour));
    expect(goneWords(goneSince(at(23, 10), moments), NOW)).toBe(`today between ${clock(23, 10)} and ${clock(23, 11)}`);
    expect(goneShort(goneSince(at(23, 10), moments), NOW)).toBe(`today, ${clock(23, 10)}–${clock(23, 11)}`);
    expect(goneWords(goneSince(at(21, 9, 0, 5), moments), NOW)).toMatch(/ between .*:05.* and .*:20/);
  });

  test('names both days when it was found missing on another one', () => {
    expect(goneWords(goneSince(at(19, 8), moments), NOW)).toBe(
      `between ${shortTime(at(19, 8))} and ${shortTime(at(21, 9, 0, 5))}`,
    );
    expect(goneShort(goneSince(at(19, 8), moments), NOW)).toBe(
      `${shortDate(at(19, 8), NOW)} – ${shortDate(at(21, 9), NOW)}`,
    );
  });
});

describe('a gap between two versions', () => {
  const version = (firstSeenAt: string, lastSeenAt: string) => ({ firstSeenAt, lastSeenAt }) as Version;

  test('is told when a moment in between lacks the file', () => {
    const gap = gapBefore(version(at(23, 10), at(23, 11)), version(at(19, 8), at(21, 9, 0, 5)), moments);
    expect(gap).toEqual({ lastSeenAt: at(21, 9, 0, 5), missingAt: at(21, 9, 0, 20) });
  });

  test('is none when one version follows the other', () => {
    expect(gapBefore(version(at(21, 9, 0, 5), at(23, 11)), version(at(19, 8), at(19, 8)), moments)).toBeNull();
  });
});
