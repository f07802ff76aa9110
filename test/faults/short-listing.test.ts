import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { backup, forgetNamed, listSnapshots, prune, type Repository } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE, quickEngine, reopen } from '../support/engine.ts';
import { type FaultyServer, startFaultyServer } from '../support/http-faults.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A WebDAV server that leaves the same snapshot out of every list, though it gives it to whoever asks for it by name. */

const LOCATION = 'rclone:dav:copies';
const RULES = { keepAllHours: 24, hourlyForHours: 0, dailyForDays: 0, weeklyForWeeks: 0, monthlyForMonths: 0 };
let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let proxy: FaultyServer;
let repository: Repository;
let source: string;
let ids: string[];
const before = process.env.RCLONE_CONFIG;

beforeAll(async () => {
  scratch = await temporaryFolder('short-listing');
  remotes = await startRcloneRemotes(scratch.path, ['dav']);
});
afterAll(async () => {
  await remotes.close();
  await scratch.remove();
});

let round = 0;
beforeEach(async () => {
  proxy = await startFaultyServer(remotes.ports.dav);
  const config = (await readFile(remotes.configFile, 'utf8')).replaceAll(`:${remotes.ports.dav}`, `:${proxy.port}`);
  process.env.RCLONE_CONFIG = join(scratch.path, `rclone-${round}.conf`);
  await writeFile(process.env.RCLONE_CONFIG, config);
  source = join(scratch.path, `source-${round}`);
  await mkdir(source);
  repository = await newRepository(`${LOCATION}-${round}`);
  ids = [];
  for (let n = 0; n < 3; n++) {
    await writeFile(join(source, 'file'), randomBytes(300_000));
    const { results } = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
    ids.push(results[0]?.snapshotId ?? '');
  }
});
afterEach(async () => {
  await repository.store.close();
  await proxy.close();
  if (before === undefined) delete process.env.RCLONE_CONFIG;
  else process.env.RCLONE_CONFIG = before;
  round++;
});

function hide(id: string): void {
  proxy.set(({ method, path }) =>
    method === 'PROPFIND' && path.endsWith('/snapshots/') ? { kind: 'hide', name: id } : { kind: 'pass' },
  );
}

const stored = async () =>
  (await readdir(join(remotes.folders.dav, `copies-${round}`), { recursive: true })).toSorted();
const judge = () =>
  restic({
    repository: join(remotes.folders.dav, `copies-${round}`),
    passphrase: PASSPHRASE,
    scratch: join(scratch.path, `judge-${round}`),
  });

it('removes nothing when a snapshot that is known to be there is never listed', async () => {
  const [, , newest = ''] = ids;
  hide(newest);
  const everything = await stored();
  expect((await listSnapshots(repository)).snapshots.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  expect(proxy.met()).toBeGreaterThan(0);
  // Nothing but the caller's memory speaks for it: without it, its data would go.
  expect((await prune({ repository, mode: 'plan', maxUnused: 0 })).packsRemoved).toBeGreaterThan(0);
  for (const mode of ['plan', 'prune'] as const) {
    await expect(prune({ repository, mode, maxUnused: 0, knownSnapshots: ids })).rejects.toMatchObject({
      code: 'store/list-incomplete',
      data: { snapshots: [newest] },
      message: expect.stringContaining('Nothing was removed'),
    });
  }
  expect(await stored()).toEqual(everything);
  await judge().check('--read-data');
});

it('knows by those that came after it that a snapshot is missing', async () => {
  hide(ids[1] ?? '');
  const everything = await stored();
  await expect(prune({ repository, mode: 'prune', maxUnused: 0 })).rejects.toMatchObject({
    code: 'store/list-incomplete',
  });
  expect(await stored()).toEqual(everything);
});

it('takes a known snapshot that is not there by name for forgotten', async () => {
  const [oldest = '', middle = ''] = ids;
  await forgetNamed({ repository, wanted: [oldest, middle], mode: 'remove' });
  const report = await prune({ repository, mode: 'prune', maxUnused: 0, knownSnapshots: ids });
  expect(report.forgotten.toSorted()).toEqual([oldest, middle].toSorted());
  expect(report.packsRemoved).toBeGreaterThan(0);
  await judge().check('--read-data');
});

it('does not take a place that gives no answer for one where the snapshot is gone', async () => {
  const [, , newest = ''] = ids;
  proxy.set(({ method, path }) => {
    if (path.endsWith(newest)) return { kind: 'status', status: 500 };
    return method === 'PROPFIND' && path.endsWith('/snapshots/') ? { kind: 'hide', name: newest } : { kind: 'pass' };
  });
  const everything = await stored();
  const cancel = AbortSignal.timeout(3_000);
  await expect(
    prune({ repository, mode: 'prune', maxUnused: 0, knownSnapshots: ids, signal: cancel }),
  ).rejects.toThrow();
  proxy.set(() => ({ kind: 'pass' }));
  expect((await stored()).filter((name) => !name.includes('locks'))).toEqual(
    everything.filter((name) => !name.includes('locks')),
  );
});

it("refuses the app's own prune before it forgets anything, and keeps the history of what is not listed", async () => {
  const engine = quickEngine();
  const address = { location: `${LOCATION}-${round}`, passphrase: PASSPHRASE };
  const catalog = join(scratch.path, `catalog-${round}.db`);
  const scope = { catalog, folderId: 'f', root: source, destinationIds: ['d'] };
  const sources = [{ repository: address, destinationId: 'd' }];
  const pruneWith = (retention: typeof RULES, written: readonly string[]) => {
    const known = { catalog, destinationId: 'd', written };
    return engine.call('prune', { repository: address, retention, roots: [source], known });
  };
  try {
    await engine.call('updateHistory', { ...scope, sources });
    const [, , newest = ''] = ids;
    hide(newest);
    await engine.call('forgetLocation', { location: address.location });
    const everything = await stored();
    // By the catalog alone, and by what the app wrote down alone.
    await engine.call('updateHistory', { ...scope, sources });
    expect(await engine.call('moments', { ...scope, sources: [] })).toHaveLength(3);
    await expect(pruneWith(RULES, [])).rejects.toMatchObject({ code: 'store/list-incomplete' });
    await engine.call('keepHistory', { catalog, folderIds: [] });
    const thin = { ...RULES, keepAllHours: 0 };
    await expect(pruneWith(thin, ids)).rejects.toMatchObject({ code: 'store/list-incomplete' });
    expect(await stored()).toEqual(everything);

    proxy.set(() => ({ kind: 'pass' }));
    const outcome = await pruneWith(thin, ids);
    expect(outcome).toMatchObject({ snapshotsRemoved: 2, snapshotsKept: 1 });
    expect([...outcome.forgotten].toSorted()).toEqual(ids.slice(0, 2).toSorted());
    await judge().check('--read-data');
    const other = await reopen(address.location);
    expect((await listSnapshots(other)).snapshots.map(({ id }) => id)).toEqual([newest]);
    await other.store.close();
  } finally {
    await engine.close();
  }
});
