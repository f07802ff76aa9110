import { describe, expect, test } from 'vitest';
import type { TimelineMoment } from '../../../../main/api/contract/history.ts';
import { hitAddress, parseRest } from '../../../../renderer/history/place.ts';
import { bars, nearest, position, spanOf, step } from '../../../../renderer/history/timeline-maths.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');
const HOUR = 3_600_000;

function moment(hoursAgo: number, changed = 1): TimelineMoment {
  return {
    id: `m${hoursAgo}`,
    time: new Date(NOW - hoursAgo * HOUR).toISOString(),
    copies: [],
    changes: { added: 0, changed, removed: 0 },
  };
}

/** Newest first, as the contract gives them. */
const MOMENTS = [moment(0), moment(1, 9), moment(12), moment(23), moment(200)];

describe('the timeline', () => {
  const day = spanOf(MOMENTS, 'day', NOW);

  test('places moments between its ends and leaves out what is older', () => {
    expect(position(moment(24), day)).toBe(0);
    expect(position(moment(12), day)).toBeCloseTo(0.5);
    expect(position(moment(0), day)).toBe(1);
    expect(position(moment(200), day)).toBeLessThan(0);
  });

  test('"all" holds every moment', () => {
    const all = spanOf(MOMENTS, 'all', NOW);
    expect(MOMENTS.every((one) => position(one, all) >= 0 && position(one, all) <= 1)).toBe(true);
  });

  test('counts each moment of the span into one bar', () => {
    const drawn = bars(MOMENTS, day, 24);
    expect(drawn).toHaveLength(24);
    expect(drawn.reduce((sum, bar) => sum + bar.changes, 0)).toBe(12);
    expect(Math.max(...drawn.map(({ height }) => height))).toBe(1);
  });

  test('a moment without changes still shows', () => {
    expect(bars([moment(1, 0)], day, 4).some(({ changes }) => changes > 0)).toBe(true);
  });

  test('finds the moment nearest to the pointer', () => {
    expect(nearest(MOMENTS, day, 0.99)?.id).toBe('m0');
    expect(nearest(MOMENTS, day, 0.51)?.id).toBe('m12');
    expect(nearest([], day, 0.5)).toBeUndefined();
  });

  test('steps to newer and older moments and stops at the ends', () => {
    const [newest, second, , , oldest] = MOMENTS as [
      TimelineMoment,
      TimelineMoment,
      TimelineMoment,
      TimelineMoment,
      TimelineMoment,
    ];
    expect(step(MOMENTS, second, 1)).toBe(newest);
    expect(step(MOMENTS, newest, 1)).toBe(newest);
    expect(step(MOMENTS, newest, -1)).toBe(second);
    expect(step(MOMENTS, newest, Number.NEGATIVE_INFINITY)).toBe(oldest);
    expect(step(MOMENTS, oldest, Number.POSITIVE_INFINITY)).toBe(newest);
  });
});

test('an address of History names a folder, a search or a hit', () => {
  expect(parseRest('')).toEqual({ mode: 'browse', text: '' });
  expect(parseRest('f-1')).toEqual({ mode: 'browse', text: '', folderId: 'f-1' });
  expect(parseRest('find/')).toEqual({ mode: 'find', text: '' });
  const hit = { folderId: 'past:x', key: 'a/b' };
  expect(parseRest('find/50%25/past%3Ax/a%2Fb')).toEqual({ mode: 'find', text: '50%', hit });
  expect(parseRest(hitAddress('50%', hit).replace('/history/', ''))).toEqual({ mode: 'find', text: '50%', hit });
});
