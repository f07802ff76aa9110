import { describe, expect, test } from 'vitest';
import {
  ago,
  dayName,
  homePath,
  lastName,
  list,
  plural,
  rate,
  size,
  spanWords,
  timeLeft,
} from '../../../../renderer/parts/format.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

describe('sizes', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [18_400_000_000, '18 GB'],
    [5e15, '5.0 PB'],
  ])('%d is %s', (bytes, words) => expect(size(bytes)).toBe(words));

  test('a rate is a size a second', () => expect(rate(48e6)).toBe('48 MB/s'));
});

describe('relative times', () => {
  test.each([
    [0, 'just now'],
    [44, 'just now'],
    [50, '50 seconds ago'],
    [60, '1 minute ago'],
    [119, '2 minutes ago'],
    [3_570, '1 hour ago'],
    [86_400, '1 day ago'],
    [9 * 86_400, '9 days ago'],
    [400 * 86_400, '1 year ago'],
    [-7_200, 'in 2 hours'],
  ])('%d seconds back is %s', (seconds, words) => expect(ago(before(seconds), NOW)).toBe(words));

  test('never says "60 minutes" or "24 hours"', () => {
    for (let seconds = 1; seconds < 90_000; seconds += 7) {
      expect(spanWords(seconds)).not.toMatch(/^(60 (seconds|minutes)|24 hours)$/);
    }
  });
});

test('time left is calm', () => {
  expect([timeLeft(null), timeLeft(4), timeLeft(33), timeLeft(240)]).toEqual([
    '',
    'a few seconds left',
    'about 40 seconds left',
    'about 4 minutes left',
  ]);
});

test('days are named from today', () => {
  expect(dayName(before(60), NOW)).toBe('Today');
  expect(dayName(before(86_400), NOW)).toBe('Yesterday');
  expect(dayName('2025-01-05T12:00:00.000Z', NOW)).toContain('2025');
});

test('words agree with their number', () => {
  expect([plural(1, 'file'), plural(1204, 'file'), plural(2, 'copy', 'copies')]).toEqual([
    '1 file',
    '1,204 files',
    '2 copies',
  ]);
  expect([list(['A']), list(['A', 'B']), list(['A', 'B', 'C'])]).toEqual(['A', 'A and B', 'A, B and C']);
});

test('paths are short but true', () => {
  expect(homePath('/home/ada/Documents', '/home/ada')).toBe('~/Documents');
  expect(homePath('/home/adam/Documents', '/home/ada')).toBe('/home/adam/Documents');
  expect([lastName('/a/b/'), lastName('C:\\Users\\Ada'), lastName('/')]).toEqual(['b', 'Ada', '/']);
});
