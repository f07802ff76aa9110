import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, listSnapshots, prune, type Repository } from '../../main/engine/engine.ts';
import { hasCode } from '../../main/engine/errors.ts';
import type { FileType, WriteStore } from '../../main/engine/store/store.ts';
import { describeTree } from '../support/compare-trees.ts';
import { hostAheadBy, newRepository, PASSPHRASE } from '../support/engine.ts';
import { faulty } from '../support/faulty-store.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * A machine that sleeps for half an hour in the middle of a run renews no lock: another takes it for one that nobody holds, and
 * removes what no index names yet. The clock is put forward here, which is all that the run sees of it.
 */
const ONE_SECOND = 1_000_000_000n;
const FORTY_MINUTES = 2400n * ONE_SECOND;

let scratch: TemporaryFolder;
let source: string;
let repository: Repository;
let judge: Restic;
let slept = 0n;
beforeEach(async () => {
  scratch = await temporaryFolder('slept');
  source = join(scratch.path, 'source');
  await mkdir(source);
  await writeFile(join(source, 'old'), randomBytes(100_000));
  slept = 0n;
  const location = join(scratch.path, 'repository');
  repository = await newRepository(location, { host: hostAheadBy(() => slept) });
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await run(repository);
  await writeFile(join(source, 'new'), randomBytes(100_000));
});
afterEach(() => scratch.remove());

async function run(at: Repository) {
  const { results } = await backup({ destinations: [{ repository: at }], paths: [source], workingDirectory: '/' });
  return results[0];
}

/** Stops when so many files are stored in a room. The two packs of a run are of data and of trees. */
function pausedAfter(files: number, type: FileType, meanwhile: () => Promise<unknown>): Repository {
  const { store } = faulty(repository.store, []);
  let stored = 0;
  const put: WriteStore['put'] = async (name, bytes, signal) => {
    await store.put(name, bytes, signal);
    if (name.type !== type || ++stored !== files) return;
    await meanwhile();
  };
  return { ...repository, store: { ...store, put } };
}

function sleepingAfter(files: number, type: FileType, meanwhile: () => Promise<unknown>): Repository {
  return pausedAfter(files, type, async () => {
    slept = FORTY_MINUTES;
    await meanwhile();
  });
}

/** Another machine prunes. What runs here is not really asleep and may renew its lock just then; so it sleeps on. */
async function pruneMeanwhile(): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await prune({ repository, mode: 'prune' });
      return;
    } catch (error) {
      if (tries === 5 || !hasCode(error, 'repo/locked')) throw error;
      slept += FORTY_MINUTES;
    }
  }
}

/** Somebody clears all locks, or has a clock that is ahead, and prunes. This machine is awake all the while. */
async function clearAndPrune(): Promise<void> {
  await judge.run('unlock', '--remove-all');
  await judge.run('prune');
}

it('stores no version that needs what another program has removed while the machine slept', async () => {
  const packs = async (): Promise<number> => (await repository.store.list('data')).length;
  const counts: number[] = [];
  const running = run(
    sleepingAfter(2, 'data', async () => {
      counts.push(await packs());
      await pruneMeanwhile();
      counts.push(await packs());
    }),
  );
  await expect(running).rejects.toMatchObject({ code: 'repo/locked' });
  // What the run had just stored.
  expect(counts).toEqual([4, 2]);
  expect((await listSnapshots(repository)).snapshots).toHaveLength(1);
  await judge.check('--read-data');
  expect((await run(repository))?.error).toBeUndefined();
  await judge.check('--read-data');
  expect((await listSnapshots(repository)).snapshots).toHaveLength(2);
});

it.each(['index', 'snapshots'] as const)(
  'takes back what was on its way into %s when the lock was cleared',
  async (type) => {
    await expect(run(sleepingAfter(1, type, pruneMeanwhile))).rejects.toMatchObject({ code: 'repo/locked' });
    expect((await listSnapshots(repository)).snapshots).toHaveLength(1);
    await judge.check('--read-data');
    expect((await run(repository))?.error).toBeUndefined();
  },
);

it('leaves nothing that names what another program has removed just before it arrived', async () => {
  let isFirst = true;
  const { store } = faulty(repository.store, []);
  const put: WriteStore['put'] = async (name, bytes, signal) => {
    if (name.type === 'index' && isFirst) {
      isFirst = false;
      slept = FORTY_MINUTES;
      await pruneMeanwhile();
    }
    await store.put(name, bytes, signal);
  };
  await expect(run({ ...repository, store: { ...store, put } })).rejects.toMatchObject({ code: 'repo/locked' });
  expect((await repository.store.list('index')).length).toBe(1);
  await judge.check('--read-data');
});

it('goes on after a sleep in which nobody came', async () => {
  expect((await run(sleepingAfter(2, 'data', async () => undefined)))?.error).toBeUndefined();
  await judge.check('--read-data');
  expect((await listSnapshots(repository)).snapshots).toHaveLength(2);
});

it('stores no version either when the lock is cleared in the middle of a run that is awake', async () => {
  const running = run(
    pausedAfter(2, 'data', async () => {
      await clearAndPrune();
      slept = 2n * ONE_SECOND;
    }),
  );
  await expect(running).rejects.toMatchObject({ code: 'repo/locked' });
  expect((await listSnapshots(repository)).snapshots).toHaveLength(1);
  await judge.check('--read-data');
});

it('reports the destination as failed when the lock is cleared in the middle of a short run, and no other', async () => {
  const other = await newRepository(join(scratch.path, 'other'), {
    chunkerPolynomial: repository.config.chunkerPolynomial,
  });
  const { store, ...opened } = pausedAfter(2, 'data', clearAndPrune);
  // Where a look costs a request, such a run does without.
  const far = { ...opened, store: { ...store, capabilities: { ...store.capabilities, remote: true } } };
  const destinations = [{ repository: far }, { repository: other }];
  const { results } = await backup({ destinations, paths: [source], workingDirectory: '/' });
  expect(results[0]).toMatchObject({ error: { code: 'repo/locked' } });
  expect(results[0]?.snapshotId).toBeUndefined();
  expect(results[1]?.error).toBeUndefined();
  // The next run finds what is gone, and stores it again.
  expect((await run(repository))?.damagedParts).toBe(2);
  // Of two places that the index names restic tries the first only, and that may be the one that is gone.
  await judge.run('rebuild-index');
  await judge.restore('latest', join(scratch.path, 'restored'), '--verify');
  expect(describeTree(join(scratch.path, 'restored', source)).slice(1)).toEqual(describeTree(source).slice(1));
});
