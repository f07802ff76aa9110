import { execFileSync } from 'node:child_process';
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, forget, listSnapshots, planRestore, type Repository, restore } from '../../main/engine/engine.ts';
import type { TreeId } from '../../main/engine/ids.ts';
import { describeTree } from '../support/compare-trees.ts';
import { hostAheadBy, newRepository, PASSPHRASE, quickEngine } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Clocks that jump, and files whose times nobody would believe. */

const DAY = 86_400_000_000_000n;
let scratch: TemporaryFolder;
let source: string;
let repository: Repository;
/** What is added to the machine's clock. */
let shift = 0n;

beforeEach(async () => {
  scratch = await temporaryFolder('time');
  source = join(scratch.path, 'source');
  await mkdir(source);
  shift = 0n;
  repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => shift) });
});
afterEach(() => scratch.remove());

async function run() {
  const report = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  return { ...report, id: report.results[0]?.snapshotId ?? '' };
}

const judge = () => restic({ repository: repository.store.location, passphrase: PASSPHRASE, scratch: scratch.path });

it('takes in every change when the clock has been put back, and keeps what it made before', async () => {
  await writeFile(join(source, 'a'), 'first');
  const before = await run();
  shift = -2n * DAY;
  await writeFile(join(source, 'a'), 'other');
  await writeFile(join(source, 'b'), 'new');
  const after = await run();
  expect(after.leftOut).toEqual([]);
  await judge().check('--read-data');
  for (const id of [before.id, after.id]) await judge().restore(id, join(scratch.path, id.slice(0, 8)), '--verify');
  const restored = join(scratch.path, after.id.slice(0, 8), source);
  expect(describeTree(restored).slice(1)).toEqual(describeTree(source).slice(1));
  // The one from the future stays the newest, and nothing of either goes before its time.
  await forget({ repository, policy: { within: { years: 0, months: 0, days: 7, hours: 0 } }, mode: 'remove' });
  expect((await listSnapshots(repository)).snapshots.map(({ id }) => id)).toEqual([after.id, before.id]);
  // When the clock is right again, so is the order.
  shift = 3600_000_000_000n;
  expect((await run()).parents).toEqual([before.id]);
});

it('leaves the access times of what it reads alone', async () => {
  const small = join(source, 'small');
  const long = join(source, 'long');
  await writeFile(small, 'read by us, used by nobody');
  await writeFile(long, new Uint8Array(40 * 1024 * 1024).fill(1));
  // Before its modification: the system would move it on at any reading.
  const accessed = new Date('2001-02-03T04:05:06Z');
  for (const path of [small, long]) await utimes(path, accessed, new Date());
  expect((await run()).filesNew).toBe(2);
  for (const path of [small, long]) expect((await stat(path)).atimeMs).toBe(accessed.getTime());
});

it('stores and brings back files from the past and from the future, and reads them once', async () => {
  const times = [
    '1901-12-14 00:00:00',
    '1969-12-31 23:59:59.5',
    '1970-01-01 00:00:00',
    '2038-01-20 00:00:00',
    '2400-02-29 12:00:00.25',
  ];
  for (const [n, time] of times.entries()) {
    await writeFile(join(source, `file ${n}`), time);
    execFileSync('touch', ['-d', `${time} UTC`, join(source, `file ${n}`)]);
  }
  await run();
  const second = await run();
  expect(second).toMatchObject({ filesUnchanged: times.length, bytesRead: 0, leftOut: [] });
  const target = join(scratch.path, 'restored');
  // restic 0.14 itself knows no year after 2262 when it restores.
  await restore(await planRestore({ repository, tree: second.tree as TreeId, target, existing: 'replace' }));
  expect(describeTree(join(target, source)).slice(1)).toEqual(describeTree(source).slice(1));
  await judge().check('--read-data');
});

it('reads a file again that got its old time and size back', async () => {
  const path = join(source, 'a');
  await writeFile(path, 'one version');
  execFileSync('touch', ['-d', '2020-01-01 00:00:00 UTC', path]);
  await run();
  await writeFile(path, 'two version');
  execFileSync('touch', ['-d', '2020-01-01 00:00:00 UTC', path]);
  expect(await run()).toMatchObject({ filesChanged: 1, filesUnchanged: 0 });
});

it('shows the history also of a clock that was hundreds of years ahead', async () => {
  for (const years of [0n, 300n]) {
    shift = years * 365n * DAY;
    await writeFile(join(source, 'a'), `in ${years} years`);
    await run();
  }
  const engine = quickEngine();
  try {
    const sources = [
      { destinationId: 'disk', repository: { location: repository.store.location, passphrase: PASSPHRASE } },
    ];
    const catalog = join(scratch.path, 'catalog.db');
    const scope = { catalog, folderId: 'f', root: source, destinationIds: ['disk'], sources };
    expect(await engine.call('moments', scope)).toHaveLength(2);
    expect(await engine.call('versions', { ...scope, key: Buffer.from('a').toString('base64url') })).toHaveLength(2);
  } finally {
    await engine.close();
  }
});
