import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  addKey,
  backup,
  changePassphrase,
  check,
  copySnapshots,
  loadIndex,
  prune,
  type Repository,
  removeKey,
} from '../../main/engine/engine.ts';
import { CHEAP_SCRYPT, newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import type { Asked, Fault, FaultyServer } from '../support/http-faults.ts';
import { LONG } from '../support/long.ts';
import { type RepositoryBehindProxy, repositoryBehindProxy } from '../support/repository-behind-proxy.ts';
import type { RestServer } from '../support/rest-server.ts';
import { type Restic, restic } from '../support/restic.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));

/** A repository on a server that fails, with a disk beside it: nothing is believed, nothing is deleted, nobody is held up. */

let place: RepositoryBehindProxy;
let scratch: TemporaryFolder;
let source: string;
let folder: string;
let server: RestServer;
let proxy: FaultyServer;
let far: Repository;
let near: Repository;

beforeEach(async () => {
  place = await repositoryBehindProxy('bad-remotes');
  ({ scratch, source, folder, server, proxy, far } = place);
  near = await newRepository(join(scratch.path, 'disk'));
  await fill(0);
});
afterEach(() => place.close());

async function fill(from: number): Promise<void> {
  for (let n = from; n < from + 20; n++) await writeFile(join(source, `file ${n}`), randomBytes(1_000_000));
}

async function run(repository = far) {
  const destinations = [{ repository: near }, { repository }];
  const report = await backup({ destinations, paths: [source], workingDirectory: '/' });
  return { disk: report.results[0], remote: report.results[1] };
}

function judge(location: string): Restic {
  return restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
}

/** The next run after the fault finishes, and restic finds everything whole. */
async function recovers(): Promise<void> {
  proxy.set(() => ({ kind: 'pass' }));
  expect((await run()).remote?.snapshotId).toBeDefined();
  await judge(folder).check('--read-data');
  await judge(folder).restore('latest', join(scratch.path, 'restored'));
}

const every =
  (nth: number, fault: Fault) =>
  ({ n }: Asked): Fault =>
    n % nth === nth - 1 ? fault : { kind: 'pass' };

it.each([
  ['error 500 now and then', every(5, { kind: 'status', status: 500 })],
  ['error 503 now and then', every(4, { kind: 'status', status: 503 })],
  ['throttling', every(4, { kind: 'status', status: 429 })],
  ['connections that break', every(5, { kind: 'reset' })],
] as const)('finishes in spite of %s', async (_name, faultOf) => {
  proxy.set(faultOf);
  const { disk, remote } = await run();
  expect(proxy.met()).toBeGreaterThan(1);
  expect(disk?.snapshotId).toBeDefined();
  expect(remote?.error).toBeUndefined();
  expect(remote?.snapshotId).toBeDefined();
  await judge(folder).check('--read-data');
  await recovers();
});

it('does not report a snapshot over uploads that were stored in half', async () => {
  let halved = 0;
  proxy.set(({ method, path }) =>
    method === 'POST' && path.includes('/data/') && halved++ < 2 ? { kind: 'half' } : { kind: 'pass' },
  );
  const { disk, remote } = await run();
  expect(halved).toBeGreaterThan(1);
  expect(disk?.snapshotId).toBeDefined();
  if (remote?.snapshotId) await judge(folder).check('--read-data');
  else expect(remote?.error).toBeDefined();
  await recovers();
});

it('goes on to the disk while the remote refuses every upload, and says so', async () => {
  proxy.set(({ method }) => (method === 'POST' ? { kind: 'status', status: 507 } : { kind: 'pass' }));
  const { disk, remote } = await run();
  expect(disk?.snapshotId).toBeDefined();
  expect(remote).toMatchObject({ error: { code: 'store/full' } });
  await judge(join(scratch.path, 'disk')).check('--read-data');
  await recovers();
});

it('says at once that a server takes no uploads of this size', async () => {
  proxy.set(({ method }) => (method === 'POST' ? { kind: 'status', status: 413 } : { kind: 'pass' }));
  const { disk, remote } = await run();
  expect(disk?.snapshotId).toBeDefined();
  expect(remote).toMatchObject({ error: { code: 'store/denied', message: expect.stringContaining('of this size') } });
  await recovers();
});

const ROOMS = ['data', 'index', 'snapshots'] as const;

const SHORT_LISTS = [
  { left: 'none', rooms: ROOMS },
  { left: 'none', rooms: ['snapshots'] },
  { left: 'half', rooms: ['index'] },
  { left: 'half', rooms: ['snapshots'], times: 1 },
] as const;
const MORE_SHORT_LISTS = [
  { left: 'half', rooms: ROOMS },
  { left: 'none', rooms: ['data'] },
  { left: 'none', rooms: ['index'] },
] as const;

it.each(LONG ? [...SHORT_LISTS, ...MORE_SHORT_LISTS] : SHORT_LISTS)(
  'deletes nothing when the lists of $rooms come back with $left of what there is',
  async (lists) => {
    const { left, rooms, times = Number.POSITIVE_INFINITY } = { times: undefined, ...lists };
    await run();
    await rm(join(source, 'file 3'));
    await fill(20);
    await run();
    const packs = async () => (await readdir(join(folder, 'data'), { recursive: true })).toSorted();
    const before = await packs();
    let shown = 0;
    proxy.set(({ method, path }) =>
      method === 'GET' && rooms.some((room) => path.endsWith(`/${room}/`)) && shown++ < times
        ? { kind: 'list', left }
        : { kind: 'pass' },
    );
    const fresh = await reopen(`rest:${server.url(proxy.port)}`);
    try {
      const pruned = await prune({ repository: fresh, mode: 'prune', maxUnused: 0 }).then(
        () => 'pruned',
        (error) => (error as { code?: string }).code,
      );
      // Where nothing at all is listed, there is nothing to do.
      if (rooms !== ROOMS || left !== 'none') expect(pruned).toMatch(/^(repo|store)\//);
      expect(await packs()).toEqual(before);
      expect(proxy.met()).toBeGreaterThan(0);
    } finally {
      await fresh.store.close();
    }
    await recovers();
    proxy.set(() => ({ kind: 'pass' }));
    await judge(folder).check('--read-data');
  },
);

it('asks once more for what arrives with another bit in it', async () => {
  await run();
  const flipped = new Set<string>();
  proxy.set(({ method, path }) => {
    if (method !== 'GET' || path.endsWith('/') || flipped.has(path)) return { kind: 'pass' };
    flipped.add(path);
    return { kind: 'flip' };
  });
  const again = await reopen(`rest:${server.url(proxy.port)}`);
  const { findings, packsRead } = await check({ repository: again, read: 'data' });
  expect(findings).toEqual([]);
  expect(packsRead).toBeGreaterThan(0);
  await again.store.close();
  const rooms = [...flipped].map((path) => path.split('/')[1]);
  expect(new Set(rooms)).toEqual(new Set(['config', 'keys', 'index', 'snapshots', 'data']));
});

it('does not take a damaged key for a wrong passphrase', async () => {
  proxy.set(({ method, path }) => (method === 'GET' && /^\/keys\/\w/.test(path) ? { kind: 'flip' } : { kind: 'pass' }));
  await expect(reopen(`rest:${server.url(proxy.port)}`)).rejects.toMatchObject({ code: 'repo/damaged' });
});

it('counts the bytes itself where the server does not say how many there are', async () => {
  proxy.set(({ method }) => (method === 'HEAD' ? { kind: 'no-length' } : { kind: 'pass' }));
  expect((await run()).remote).toMatchObject({ snapshotId: expect.any(String) });
  expect(proxy.met()).toBeGreaterThan(0);
  expect(await readdir(join(folder, 'locks'))).toEqual([]);
  await recovers();
});

/** The server says of these rooms that they are not there. */
const without =
  (...rooms: readonly string[]) =>
  ({ method, path }: Asked): Fault =>
    method === 'GET' && rooms.some((room) => path === `/${room}/`) ? { kind: 'status', status: 404 } : { kind: 'pass' };

it('stores nothing again where an index that was read before is there and not listed', async () => {
  const { remote } = await run();
  const stored = await readdir(join(folder, 'data'), { recursive: true });
  proxy.set(without('index', 'snapshots'));
  const destinations = [{ repository: far, ...(remote?.index ? { knownIndex: remote.index } : {}) }];
  const failed = backup({ destinations, paths: [source], workingDirectory: '/' });
  await expect(failed).rejects.toMatchObject({ code: 'store/list-incomplete' });
  expect(await readdir(join(folder, 'data'), { recursive: true })).toEqual(stored);
  const { index, indexIds } = await loadIndex(far, {
    onDamage: 'report',
    ...(remote?.index ? { known: remote.index } : {}),
  });
  expect([index.packCount, indexIds]).toEqual([remote?.index?.index.packCount, remote?.index?.indexIds]);
  await recovers();
});

it('says that there are packs where neither index nor snapshot is to be seen', async () => {
  await run();
  const location = `rest:${server.url(proxy.port)}`;
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: scratch.path };
  const backUp = () => execa(process.execPath, [BIN, 'repo', 'backup', '--no-cache', location, source], { env });
  proxy.set(without('index', 'snapshots'));
  expect((await backUp()).stderr).toMatch(/^The repository held \d+ packs, but neither an index nor a snapshot/);
  proxy.set(() => ({ kind: 'pass' }));
  expect((await backUp()).stderr).toBe('');
});

it('neither copies nothing nor keeps silent where there is data and no snapshot is to be seen', async () => {
  await run();
  proxy.set(without('snapshots'));
  const copied = copySnapshots({ source: far, target: near, snapshots: [] });
  await expect(copied).rejects.toMatchObject({ code: 'repo/damaged' });
  const { findings } = await check({ repository: far, read: 'structure' });
  expect(findings.map(({ code }) => code)).toEqual(['no-snapshot']);
});

it('calls no key removed that the server keeps though it says otherwise', async () => {
  const added = await addKey(far, { passphrase: 'another passphrase', scrypt: CHEAP_SCRYPT });
  proxy.set(({ method, path }) =>
    method === 'DELETE' && path.startsWith('/keys/') ? { kind: 'status', status: 200 } : { kind: 'pass' },
  );
  await expect(removeKey(far, added)).rejects.toMatchObject({ code: 'store/denied' });
  const wanted = { passphrase: 'a new passphrase', scrypt: CHEAP_SCRYPT };
  await expect(changePassphrase(far, wanted)).rejects.toMatchObject({ code: 'store/denied' });
  proxy.set(() => ({ kind: 'pass' }));
  expect(await removeKey(far, added)).toBe(added);
});
