import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  backup,
  check,
  forgetNamed,
  listSnapshots,
  prune,
  type Repository,
  repairPacks,
} from '../../main/engine/engine.ts';
import { askForUnlisted } from '../../main/engine/repository/unlisted.ts';
import { PASSPHRASE } from '../support/engine.ts';
import type { FaultyServer } from '../support/http-faults.ts';
import { type RepositoryBehindProxy, repositoryBehindProxy } from '../support/repository-behind-proxy.ts';
import { restic } from '../support/restic.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

/** A server, or a proxy before it, whose answers look good and are wrong. */

let place: RepositoryBehindProxy;
let scratch: TemporaryFolder;
let source: string;
let folder: string;
let proxy: FaultyServer;
let far: Repository;

beforeEach(async () => {
  place = await repositoryBehindProxy('lying-remotes');
  ({ scratch, source, folder, proxy, far } = place);
});
afterEach(() => place.close());

/** Gives the id of the snapshot. */
async function backUp(): Promise<string> {
  await writeFile(join(source, 'stays'), 'stays');
  await writeFile(join(source, 'file'), randomBytes(300_000));
  const { results } = await backup({ destinations: [{ repository: far }], paths: [source], workingDirectory: '/' });
  return results[0]?.snapshotId ?? expect.unreachable('nothing was stored');
}

const stored = async (room: string): Promise<readonly string[]> =>
  (await readdir(join(folder, room), { recursive: true })).filter((name) => name.length >= 64).toSorted();

async function expectWhole(): Promise<void> {
  proxy.set(() => ({ kind: 'pass' }));
  const judge = restic({ repository: folder, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
  await judge.restore('latest', join(scratch.path, 'restored'));
}

it.each([200, 404])(
  'removes no pack while an index file stays that was to go: a removal answered by %i',
  async (status) => {
    const old = await backUp();
    await backUp();
    await forgetNamed({ repository: far, wanted: [old], mode: 'remove' });
    const packs = await stored('data');
    proxy.set(({ method, path }) =>
      method === 'DELETE' && path.startsWith('/index/') ? { kind: 'status', status } : { kind: 'pass' },
    );
    await expect(prune({ repository: far, mode: 'prune' })).rejects.toMatchObject({ code: 'store/denied' });
    expect(proxy.met()).toBeGreaterThan(0);
    expect(await stored('data')).toEqual(expect.arrayContaining([...packs]));
    await expectWhole();
    await prune({ repository: far, mode: 'prune' });
    expect(await stored('data')).not.toEqual(expect.arrayContaining([...packs]));
    await expectWhole();
  },
);

it('takes no pack for damaged of which a page comes instead, and leaves it where it is', async () => {
  await backUp();
  const packs = await stored('data');
  proxy.set(({ method, path }) => (method === 'GET' && /^\/data\/\w/.test(path) ? { kind: 'page' } : { kind: 'pass' }));
  const { findings } = await check({ repository: far, read: 'data' });
  expect(findings.filter(({ code }) => code.startsWith('pack-')).map(({ code }) => code)).toEqual(
    packs.map(() => 'pack-unreadable'),
  );
  const report = await repairPacks({ repository: far, others: [] });
  expect(report).toMatchObject({ result: 'incomplete', packsReplaced: [] });
  expect(report.packsLeft.length).toBe(packs.length);
  expect(await stored('data')).toEqual(packs);
  await expectWhole();
});

it('removes no pack that comes with other bytes each time it is read, as over a bad line', async () => {
  await backUp();
  const packs = await stored('data');
  let at = 0;
  proxy.set(({ method, path }) =>
    method === 'GET' && /^\/data\/\w/.test(path) ? { kind: 'flip', at: ++at * 7 } : { kind: 'pass' },
  );
  const report = await repairPacks({ repository: far, others: [] });
  expect(report).toMatchObject({ result: 'incomplete', packsReplaced: [] });
  expect(await stored('data')).toEqual(expect.arrayContaining([...packs]));
  await expectWhole();
});

it('reads a snapshot that is not there at first and is there then', async () => {
  const id = await backUp();
  let asked = 0;
  proxy.set(({ path }) =>
    path === `/snapshots/${id}` && asked++ < 2 ? { kind: 'status', status: 404 } : { kind: 'pass' },
  );
  const { snapshots, unreadable } = await listSnapshots(far);
  expect([snapshots.map((one) => one.id), unreadable]).toEqual([[id], []]);
});

it('passes in silence over no snapshot that is listed and is not there', async () => {
  const id = await backUp();
  await backUp();
  proxy.set(({ path }) => (path === `/snapshots/${id}` ? { kind: 'status', status: 404 } : { kind: 'pass' }));
  const { findings, result } = await check({ repository: far, read: 'structure' });
  expect(findings).toMatchObject([{ code: 'snapshot-unreadable', id, text: expect.stringContaining('is not there') }]);
  expect(result).toBe('damaged');
  expect(await repairPacks({ repository: far, others: [] })).toMatchObject({ unreadableSnapshots: [{ id }] });
  const pruning = prune({ repository: far, mode: 'prune' });
  await expect(pruning).rejects.toMatchObject({ code: 'store/list-incomplete', data: { snapshots: [id] } });
  await expectWhole();
});

it('asks again for what is there and is called missing, and never takes that for gone', async () => {
  const id = await backUp();
  const name = { type: 'snapshots', id } as const;
  let asked = 0;
  const missing = (times: number): void => {
    asked = 0;
    proxy.set(({ method, path }) =>
      method === 'GET' && path === `/snapshots/${id}` && asked++ < times
        ? { kind: 'status', status: 404 }
        : { kind: 'pass' },
    );
  };
  missing(2);
  expect((await far.store.get(name)).length).toBeGreaterThan(0);
  missing(Number.POSITIVE_INFINITY);
  await expect(far.store.get(name)).rejects.toMatchObject({ code: 'store/corrupt' });
  await expect(askForUnlisted(far, [id], new Set())).rejects.toMatchObject({ code: 'store/corrupt' });
  expect((await listSnapshots(far)).unreadable).toMatchObject([{ id, error: { code: 'store/corrupt' } }]);
});
