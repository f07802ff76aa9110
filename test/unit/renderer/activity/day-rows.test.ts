import { expect, test } from 'vitest';
import type { Run } from '../../../../main/api/contract/runs.ts';
import { withDays } from '../../../../renderer/activity/day-rows.ts';
import { dayName } from '../../../../renderer/parts/format.ts';

test('each day is named once, newest first, and a run knows where in its day it stands', () => {
  const now = new Date(2026, 10, 23, 12).getTime();
  const at = (id: string, ...when: [number, number, number]) =>
    ({ id, createdAt: '', endedAt: new Date(2026, 10, ...when).toISOString() }) as unknown as Run;
  // The first was queued before midnight and ended after what was queued later.
  const rows = withDays([at('a', 22, 9, 0), at('b', 23, 8, 0), at('c', 22, 8, 0), at('d', 20, 8, 0)], now);
  expect(rows.map((row) => ('day' in row ? row.day : `${row.run.id} ${row.edge}`))).toEqual([
    'Today',
    'b only',
    'Yesterday',
    'a first',
    'c last',
    dayName(new Date(2026, 10, 20).toISOString(), now),
    'd only',
  ]);
});
