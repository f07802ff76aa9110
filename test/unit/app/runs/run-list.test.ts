import { describe, expect, test } from 'vitest';
import type { Run } from '../../../../main/api/contract/runs.ts';
import { pageOfRuns } from '../../../../main/app/runs/run-list.ts';

/** Newest first; two at a time were queued in the same millisecond, as one backup to two destinations is. */
const runs = Array.from(
  { length: 7 },
  (_one, index) =>
    ({
      id: `r-${index}`,
      kind: index === 3 ? 'check' : 'backup',
      state: index % 3 === 0 ? 'failed' : 'done',
      folderId: index < 4 ? 'f-1' : 'f-2',
      createdAt: new Date(1_700_000_000_000 - Math.floor(index / 2)).toISOString(),
    }) as unknown as Run,
);
const ids = (page: readonly Run[]) => page.map(({ id }) => id);

describe('pageOfRuns', () => {
  test('gives every run exactly once, page after page, also those of the same moment', () => {
    const first = pageOfRuns(runs, {}, 3);
    const second = pageOfRuns(runs, { after: first[2]?.id }, 3);
    const third = pageOfRuns(runs, { after: second[2]?.id }, 3);
    expect(ids([...first, ...second, ...third])).toEqual(ids(runs));
  });

  test('keeps what fits kind, state and folder, and pages within that', () => {
    expect(ids(pageOfRuns(runs, { states: ['failed'] }, 2))).toEqual(['r-0', 'r-3']);
    expect(ids(pageOfRuns(runs, { states: ['failed'], after: runs[3]?.id }, 2))).toEqual(['r-6']);
    expect(ids(pageOfRuns(runs, { kinds: ['check'], folderId: runs[0]?.folderId ?? undefined }, 9))).toEqual(['r-3']);
  });

  test('has what is under way on the first page, and there alone', () => {
    const slow = { ...runs[5], state: 'running' } as Run;
    const all = runs.map((run) => (run.id === slow.id ? slow : run));
    expect(ids(pageOfRuns(all, {}, 3))).toEqual(['r-5', 'r-0', 'r-1', 'r-2']);
    expect(ids(pageOfRuns(all, { after: runs[2]?.id }, 3))).toEqual(['r-3', 'r-4', 'r-6']);
    expect(ids(pageOfRuns(all, { kinds: ['check'] }, 3))).toEqual(['r-3']);
  });

  test('has nothing after a run that is no longer kept', () => {
    expect(pageOfRuns(runs, { after: 'gone' as Run['id'] }, 3)).toEqual([]);
  });
});
