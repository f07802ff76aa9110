import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from '../../../../main/engine/repository/in-parallel.ts';

it('runs as many at a time as allowed, each item once', async () => {
  let running = 0;
  let most = 0;
  const seen: number[] = [];
  await inParallel([...Array(20).keys()], 3, async (item) => {
    most = Math.max(most, ++running);
    await sleep(1);
    seen.push(item);
    running--;
  });
  expect(most).toBe(3);
  expect(seen.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

it('gives the first failure, and only once nothing runs any more', async () => {
  const ended: number[] = [];
  const run = inParallel([0, 1, 2, 3, 4], 3, async (item) => {
    if (item === 0) throw new Error('first');
    await sleep(item * 10);
    ended.push(item);
    if (item === 1) throw new Error('second');
  });
  await expect(run).rejects.toThrow('first');
  expect(ended).toEqual([1, 2]);
  await sleep(30);
  expect(ended).toEqual([1, 2]);
});
