import { afterEach, expect, it } from 'vitest';
import { JobPool } from '../../../../main/engine/workers/job-pool.ts';

/** Doubles what it is given; ends at a 13. */
const worker = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, workerData } from 'node:worker_threads';
    parentPort.on('message', (job) => {
      if (job === 13) throw new Error('unlucky');
      parentPort.postMessage(job * workerData.factor);
    });
  `)}`,
);

let pool: JobPool<number, number>;
afterEach(() => pool.close());

it('answers each job with its own reply, in as many workers as it may have', async () => {
  pool = new JobPool(worker, { factor: 2 }, 2);
  const jobs = Array.from({ length: 20 }, (_, job) => 100 + job);
  expect(await Promise.all(jobs.map((job) => pool.run(job)))).toEqual(jobs.map((job) => 2 * job));
});

it('refuses what is asked of it once a worker has ended, instead of waiting for it', async () => {
  pool = new JobPool(worker, { factor: 2 }, 1);
  const failing = pool.run(13);
  const behind = pool.run(1);
  await expect(failing).rejects.toMatchObject({ code: 'internal' });
  await expect(behind).rejects.toMatchObject({ code: 'internal' });
  await expect(pool.run(2)).rejects.toMatchObject({ code: 'internal' });
});
