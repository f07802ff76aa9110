import { randomBytes } from 'node:crypto';
import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  backup,
  check,
  copySnapshots,
  listSnapshots,
  loadIndex,
  type Repository,
  repairIndex,
  repairPacks,
} from '../../main/engine/engine.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { replaceIndex } from '../../main/engine/repository/replace-index.ts';
import { describeTree } from '../support/compare-trees.ts';
import { cheapenKey, newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { faulty, type PlannedFault } from '../support/faulty-store.ts';
import { LONG } from '../support/long.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
let scratch: TemporaryFolder;
const at = (...names: readonly string[]) => join(scratch.path, ...names);
const judge = (repository = 'repository') =>
  restic({ repository: at(repository), passphrase: PASSPHRASE, scratch: at('judge') });

/** A round time: the folder gets it back after each test. */
const FOLDER_TIME = new Date('2026-01-02T03:04:05Z');

/** Two snapshots by restic, made once: an index file, a data pack and a tree pack for each. Each test gets a copy. */
beforeAll(async () => {
  scratch = await temporaryFolder('repair');
  await newRepository(at('template'));
  await mkdir(at('source', 'below'), { recursive: true });
  await writeFile(at('source', 'first'), randomBytes(900_000));
  await writeFile(at('source', 'below', 'text'), 'text '.repeat(50_000));
  await judge('template').backup([at('source')]);
  await writeFile(at('source', 'below', 'second'), randomBytes(900_000));
  await utimes(at('source', 'below'), FOLDER_TIME, FOLDER_TIME);
  await judge('template').backup([at('source')]);
});
beforeEach(() => cp(at('template'), at('repository'), { recursive: true }));
afterEach(async () => {
  for (const name of await readdir(scratch.path)) {
    if (!/^(template|source)/.test(name)) await rm(at(name), { recursive: true });
  }
  for (const name of ['third', 'fourth']) await rm(at('source', name), { force: true });
});
afterAll(() => scratch.remove());

async function filesOf(room: 'index' | 'data' | 'snapshots', repository = 'repository'): Promise<readonly string[]> {
  const found = await readdir(at(repository, room), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function change(path: string, edit: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(path);
  edit(bytes);
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

const flip = (path: string, position = 60): Promise<void> =>
  change(path, (bytes) => {
    bytes[position] = (bytes[position] ?? 0) ^ 0x40;
  });

async function cut(path: string, length: number): Promise<void> {
  await chmod(path, 0o600);
  await truncate(path, length);
}

/** Every snapshot, by restic, is what the source was. */
async function expectWhole(repository = 'repository'): Promise<void> {
  await judge(repository).check('--read-data');
  await judge(repository).restore('latest', at('restored'), '--verify');
  expect(describeTree(at('restored', at('source'))).slice(1)).toEqual(describeTree(at('source')).slice(1));
}

const failing = (repository: Repository, plan: readonly PlannedFault[]) => {
  const wrapped = faulty(repository.store, plan);
  return { repository: { ...repository, store: wrapped.store }, assertAllFired: wrapped.assertAllFired };
};

describe('repair index', () => {
  const damages: Readonly<Record<string, (files: readonly string[]) => Promise<unknown>>> = {
    removed: ([first = '']) => rm(first),
    'removed, all of them': (files) => Promise.all(files.map((file) => rm(file))),
    truncated: ([first = '']) => cut(first, 100),
    'emptied, at which restic panics': ([first = '']) => cut(first, 0),
    flipped: ([first = '']) => flip(first),
    'flipped, all of them': (files) => Promise.all(files.map((file) => flip(file))),
    swapped: async ([first = '', second = '']) => {
      await rename(first, at('aside'));
      await rename(second, first);
      await rename(at('aside'), second);
    },
  };

  it.each(Object.keys(damages))('makes an index that restic passes when it was %s', async (kind) => {
    await damages[kind]?.(await filesOf('index'));
    await expect(judge().check()).rejects.toThrow();
    const report = await repairIndex({ repository: await reopen(at('repository')) });
    expect(report).toMatchObject({ result: 'rebuilt', packsGone: [], packsUnreadable: [] });
    expect(report.packsRead).toBeGreaterThan(0);
    await expectWhole();
    expect(await repairIndex({ repository: await reopen(at('repository')) })).toMatchObject({ result: 'whole' });
  });

  it('writes nothing where the index is right', async () => {
    const before = await filesOf('index');
    const report = await repairIndex({ repository: await reopen(at('repository')) });
    expect(report).toEqual({ result: 'whole', unreadableFiles: [], packsRead: 0, packsGone: [], packsUnreadable: [] });
    expect(await filesOf('index')).toEqual(before);
  });

  it('drops a pack that is gone, and keeps what the index says of one whose header is lost', async () => {
    const { index } = await loadIndex(await reopen(at('repository')));
    const [gone, short] = [...index.packs()].filter(({ blobs }) => blobs[0]?.type === 'data');
    const pathOf = (id = '') => at('repository', 'data', id.slice(0, 2), id);
    await rm(pathOf(gone?.id));
    await cut(pathOf(short?.id), 1000);
    const report = await repairIndex({ repository: await reopen(at('repository')) });
    expect(report.packsGone).toEqual([gone?.id]);
    expect(report.packsUnreadable).toMatchObject([{ id: short?.id, state: 'indexed' }]);
    const after = await loadIndex(await reopen(at('repository')));
    expect(after.index.hasPack(gone?.id as never)).toBe(false);
    expect(after.index.hasPack(short?.id as never)).toBe(true);
  });

  it('believes neither an empty nor a short listing, and writes nothing then', async () => {
    await flip((await filesOf('index'))[0] ?? '');
    const before = await filesOf('index');
    for (const [keep, code] of [
      [0, 'repo/damaged'],
      [1, 'store/list-incomplete'],
    ] as const) {
      const { repository, assertAllFired } = failing(await reopen(at('repository')), [
        { method: 'list', type: 'data', fault: { kind: 'cut', keep } },
      ]);
      await expect(repairIndex({ repository })).rejects.toMatchObject({ code });
      assertAllFired();
      expect(await filesOf('index')).toEqual(before);
    }
    const { repository } = failing(await reopen(at('repository')), [
      {
        method: 'list',
        type: 'data',
        fault: { kind: 'fail', error: new TriplicateError('store/unreachable', 'Away.') },
      },
    ]);
    await expect(repairIndex({ repository })).rejects.toMatchObject({ code: 'store/unreachable' });
    expect(await filesOf('index')).toEqual(before);
  });

  it('removes no index file before the new one is durable', async () => {
    for (const file of await filesOf('index')) await flip(file);
    const before = await filesOf('index');
    const { repository } = failing(await reopen(at('repository')), [
      { method: 'put', type: 'index', fault: { kind: 'fail', error: new TriplicateError('store/full', 'Full.') } },
    ]);
    await expect(repairIndex({ repository })).rejects.toMatchObject({ code: 'store/full' });
    expect(await filesOf('index')).toEqual(before);
    const second = failing(await reopen(at('repository')), [
      { method: 'remove', type: 'index', fault: { kind: 'fail', error: new TriplicateError('store/denied', 'No.') } },
    ]);
    await expect(repairIndex({ repository: second.repository })).rejects.toMatchObject({ code: 'store/denied' });
    expect((await repairIndex({ repository: await reopen(at('repository')) })).result).toBe('rebuilt');
    await expectWhole();
  });

  it('is named by the backup that a damaged index stops, and is a command', async () => {
    await flip((await filesOf('index'))[0] ?? '');
    const repository = await reopen(at('repository'));
    const stopped = backup({ destinations: [{ repository }], paths: [at('source')], workingDirectory: '/' });
    await expect(stopped).rejects.toMatchObject({ hint: expect.stringContaining('repo repair index') });
    const run = () =>
      execa(process.execPath, [PROGRAM, 'repo', 'repair', 'index', at('repository'), '--json'], {
        env: { TRIPLICATE_PASSWORD: PASSPHRASE },
        stdin: 'ignore',
        reject: false,
      });
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout.split('\n').at(-1) ?? '')).toMatchObject({ type: 'summary', result: 'rebuilt' });
    await expectWhole();
  });
});

const OTHER_PASSPHRASE = 'the other one';

async function newVersion1(name: string): Promise<Repository> {
  const other = restic({ repository: at(name), passphrase: OTHER_PASSPHRASE, scratch: at('judge') });
  await other.run('init', '--repository-version', '1');
  await cheapenKey(at(name), OTHER_PASSPHRASE);
  return reopen(at(name), process.env, OTHER_PASSPHRASE);
}

/** A copy of all snapshots in a repository with another key and another chunking; one of version 1 has its own passphrase. */
async function copyTo(name: string, version: '1' | '2' = '2'): Promise<Repository> {
  const template = `template ${version}`;
  if (!(await readdir(scratch.path)).includes(template)) {
    const target = version === '2' ? await newRepository(at(template)) : await newVersion1(template);
    const source = await reopen(at('template'));
    const { snapshots } = await listSnapshots(source);
    expect((await copySnapshots({ source, target, snapshots })).failed).toEqual([]);
  }
  await cp(at(template), at(name), { recursive: true });
  return reopen(at(name), process.env, version === '2' ? PASSPHRASE : OTHER_PASSPHRASE);
}

/** The pack files of one kind. */
async function packsOf(type: 'data' | 'tree', repository?: Repository): Promise<readonly string[]> {
  const { store } = repository ?? (await reopen(at('repository')));
  const { index } = await loadIndex(repository ?? (await reopen(at('repository'))));
  const ofType = [...index.packs()].filter(({ blobs }) => blobs[0]?.type === type);
  return ofType.map(({ id }) => join(store.location, 'data', id.slice(0, 2), id));
}

const repair = async (...others: readonly Repository[]) =>
  repairPacks({ repository: await reopen(at('repository')), others });

describe('repair packs', () => {
  const damages: Readonly<Record<string, (packs: readonly string[]) => Promise<unknown>>> = {
    removed: ([first = '']) => rm(first),
    'removed, all of them': (packs) => Promise.all(packs.map((pack) => rm(pack))),
    truncated: ([first = '']) => cut(first, 150),
    'flipped in a blob': ([first = '']) => flip(first),
    'flipped in the header': ([first = '']) => change(first, (bytes) => void bytes.fill(7, bytes.length - 40)),
    swapped: async ([first = '', second = '']) => {
      await rename(first, at('aside'));
      await rename(second, first);
      await rename(at('aside'), second);
    },
    'overwritten, all of them': (packs) =>
      Promise.all(packs.map((pack) => change(pack, (bytes) => void bytes.fill(7)))),
  };
  const rooms = ['data', 'tree'] as const;

  /** The two rooms differ in what is lost meanwhile, not in how it is put back: `npm test` takes one of each kind. */
  const inShort = (room: string, nth: number) => LONG || room === (nth % 2 === 0 ? 'tree' : 'data');
  const cases = rooms.flatMap((room) => Object.keys(damages).map((kind, nth) => ({ room, kind, nth })));

  it.each(cases.filter(({ room, nth }) => inShort(room, nth)))(
    'puts $room packs back from another repository that were $kind',
    async ({ room, kind }) => {
      const other = await copyTo('other', kind === 'truncated' ? '1' : '2');
      await damages[kind]?.(await packsOf(room));
      // By our own check: restic asks for minutes for a pack that is gone.
      expect(await check({ repository: await reopen(at('repository')), read: 'data' })).toMatchObject({
        result: 'damaged',
      });
      const report = await repair(other);
      expect(report).toMatchObject({ result: 'repaired', lost: 0, affected: [], packsLeft: [] });
      expect(report.salvaged + report.fetched).toBeGreaterThan(0);
      if (kind === 'swapped' || kind === 'flipped in the header') expect(report.fetched).toBe(0);
      await expectWhole();
      expect(await judge().snapshots()).toHaveLength(2);
      expect(await repair(other)).toMatchObject({ result: 'whole', bytesAdded: 0 });
    },
  );

  it('says of a sound repository that it is whole, and writes nothing', async () => {
    const before = [...(await filesOf('index')), ...(await filesOf('data'))];
    expect(await repair()).toMatchObject({ result: 'whole', packsReplaced: [], salvaged: 0, fetched: 0 });
    expect([...(await filesOf('index')), ...(await filesOf('data'))]).toEqual(before);
  });

  it('finds its way when two packs of one size have changed places', async () => {
    for (const name of ['third', 'fourth']) {
      await writeFile(at('source', name), randomBytes(400_000));
      await judge().backup([at('source')]);
    }
    const bySize = new Map<number, string[]>();
    for (const pack of await packsOf('data')) {
      const { size } = await stat(pack);
      bySize.set(size, [...(bySize.get(size) ?? []), pack]);
    }
    const alike = [...bySize.values()].find((packs) => packs.length === 2) ?? [];
    expect(alike).toHaveLength(2);
    await damages.swapped?.(alike);
    expect(await repair()).toMatchObject({ result: 'repaired', fetched: 0, salvaged: 2, lost: 0 });
    await expectWhole();
  });

  it.each(rooms)('finds what a wrong index calls by another name in a pack of %s', async (room) => {
    const repository = await reopen(at('repository'));
    const { index, indexIds } = await loadIndex(repository);
    const packs = [...index.packs()].map(({ id, blobs }) => ({ id, blobs: blobs.map((blob) => ({ ...blob })) }));
    const [first] = packs.find(({ blobs }) => blobs[0]?.type === room)?.blobs ?? [];
    Object.assign(first ?? {}, { id: randomBytes(32).toString('hex') });
    await replaceIndex(repository, packs, indexIds, new AbortController().signal);
    await expect(judge().check('--read-data')).rejects.toThrow();
    expect(await repair()).toMatchObject({ result: 'repaired', lost: 0, fetched: 0 });
    await expectWhole();
  });

  it('works when the index is damaged as well', async () => {
    const other = await copyTo('other');
    const [first = ''] = await packsOf('data');
    for (const file of await filesOf('index')) await flip(file);
    await rm(first);
    expect(await repair(other)).toMatchObject({ result: 'repaired' });
    await expectWhole();
  });

  it('takes each piece from the repository that has it whole', async () => {
    const [one, two] = [await copyTo('one'), await copyTo('two', '1')];
    const spoilt = new Set<string>();
    for (const other of [one, two]) {
      const { index } = await loadIndex(other);
      const blobs = [...index.packs()].flatMap((pack) => pack.blobs.map((blob) => ({ pack: pack.id, ...blob })));
      // Not the same one in both: it would be lost.
      const blob = blobs.find(({ type, id }) => type === 'data' && !spoilt.has(id));
      if (!blob) throw new Error('There are too few blobs.');
      spoilt.add(blob.id);
      await flip(join(other.store.location, 'data', blob.pack.slice(0, 2), blob.pack), blob.offset + 20);
    }
    for (const pack of [...(await packsOf('data')), ...(await packsOf('tree'))]) await rm(pack);
    // A place without any file is not believed; one that still shows one is.
    await expect(repair(one, two)).rejects.toMatchObject({ code: 'repo/damaged' });
    await writeFile(at('repository', 'data', '00', '0'.repeat(64)), 'not a pack, but a file');
    expect(await repair(one, two)).toMatchObject({ result: 'repaired', lost: 0 });
    await expectWhole();
  });

  it('keeps what is good and names what is lost; the next backup heals it', async () => {
    const { index } = await loadIndex(await reopen(at('repository')));
    const dataPacks = [...index.packs()].filter(({ blobs }) => blobs[0]?.type === 'data');
    const pack = dataPacks.sort((one, other) => other.blobs.length - one.blobs.length)[0];
    await flip((await packsOf('data')).find((path) => path.endsWith(pack?.id ?? '')) ?? '');
    const report = await repair();
    expect(report).toMatchObject({ result: 'incomplete', lost: 1, fetched: 0, packsLeft: [] });
    expect(report.salvaged).toBeGreaterThan(0);
    expect(report.salvaged).toBe((pack?.blobs.length ?? 0) - 1);
    expect(report.affected.length).toBeGreaterThan(0);
    for (const { lostCount } of report.affected) expect(lostCount).toBe(1);
    expect((await readdir(at('repository', 'data'), { recursive: true })).join()).not.toContain(pack?.id);
    const repository = await reopen(at('repository'));
    expect((await check({ repository, read: 'data' })).affected).toEqual(report.affected);
    await backup({ destinations: [{ repository }], paths: [at('source')], workingDirectory: '/' });
    await expectWhole();
  });

  it('leaves a pack alone that the disk does not give, and names what that costs', async () => {
    const [first = ''] = await packsOf('data');
    const id = first.slice(-64);
    const repository = await reopen(at('repository'));
    const broken: Repository = {
      ...repository,
      store: {
        ...faulty(repository.store, []).store,
        get: async (name, range, signal) => {
          // The header can be read, the rest cannot.
          if (name.id === id) throw new TriplicateError('store/corrupt', 'The disk reports a read error.');
          return repository.store.get(name, range, signal);
        },
      },
    };
    const report = await repairPacks({ repository: broken, others: [] });
    expect(report).toMatchObject({ result: 'incomplete', packsLeft: [id], packsReplaced: [] });
    expect(report.affected.length).toBeGreaterThan(0);
    await expectWhole();
    const other = await copyTo('other');
    expect(await repairPacks({ repository: broken, others: [other] })).toMatchObject({
      result: 'repaired',
      packsLeft: [],
      packsReplaced: [id],
    });
    await expectWhole();
  });

  it.each([
    ['data', 'put'],
    ['index', 'put'],
    ['index', 'remove'],
    ['data', 'remove'],
  ] as const)('stopped by a place that is full or refuses (%s, %s), it goes on the next time', async (type, method) => {
    const other = await copyTo('other');
    await flip((await packsOf('data'))[0] ?? '');
    const before = await filesOf('data');
    const { repository, assertAllFired } = failing(await reopen(at('repository')), [
      { method, type, fault: { kind: 'fail', error: new TriplicateError('store/full', 'Full.') } },
    ]);
    await expect(repairPacks({ repository, others: [other] })).rejects.toMatchObject({ code: 'store/full' });
    assertAllFired();
    const after = await filesOf('data');
    for (const pack of before) expect(after).toContain(pack);
    expect((await repair(other)).result).not.toBe('incomplete');
    await expectWhole();
  });

  it('takes missing permission for what it is, not for damage', async () => {
    const { repository, assertAllFired } = failing(await reopen(at('repository')), [
      {
        method: 'get',
        type: 'data',
        times: 1000,
        fault: { kind: 'fail', error: new TriplicateError('store/denied', 'No.') },
      },
    ]);
    await expect(repairPacks({ repository, others: [] })).rejects.toMatchObject({ code: 'store/denied' });
    expect(assertAllFired).toThrow();
    await expectWhole();
  });

  it('names a snapshot that cannot be read, and leaves it', async () => {
    const [snapshot = ''] = await filesOf('snapshots');
    const other = await copyTo('other');
    await flip(snapshot);
    const report = await repair(other);
    expect(report.result).toBe('incomplete');
    expect(report.unreadableSnapshots).toMatchObject([{ id: snapshot.slice(-64) }]);
    expect(await filesOf('snapshots')).toContain(snapshot);
    // As the message says: a copy from where it still is.
    const target = await reopen(at('repository'));
    const { snapshots } = await listSnapshots(other);
    expect((await copySnapshots({ source: other, target, snapshots })).copied).toHaveLength(1);
    expect((await listSnapshots(target)).snapshots).toHaveLength(2);
  });

  it('refuses to take from the very place that it repairs', async () => {
    await expect((async () => repair(await reopen(at('repository'))))()).rejects.toMatchObject({ code: 'usage' });
  });

  it('names the place itself when a link leads to it', async () => {
    await symlink(at('repository'), at('link'));
    const words = ['repo', 'repair', 'packs', at('repository'), '--from', at('link')];
    const env = { TRIPLICATE_PASSWORD: PASSPHRASE };
    const { exitCode, stderr } = await execa(process.execPath, [PROGRAM, ...words], { env, reject: false });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('leads to the repository itself')]);
  });

  it('is a command, with a passphrase for the others', async () => {
    await copyTo('other', '1');
    for (const pack of await packsOf('tree')) await change(pack, (bytes) => void bytes.fill(7, 0, 500));
    const run = (env: Record<string, string>, ...args: readonly string[]) =>
      execa(process.execPath, [PROGRAM, 'repo', 'repair', 'packs', at('repository'), ...args], {
        env: { TRIPLICATE_PASSWORD: PASSPHRASE, ...env },
        stdin: 'ignore',
        reject: false,
      });
    const from = ['--from', at('other')];
    expect((await run({}, ...from)).exitCode).toBe(1);
    const alone = await run({});
    expect(alone.exitCode).toBe(3);
    expect(alone.stderr).toContain('--from');
    const done = await run({ TRIPLICATE_FROM_PASSWORD: OTHER_PASSPHRASE }, ...from);
    expect(done.stderr).toBe('');
    expect(done.exitCode).toBe(0);
    await expectWhole();
  });
});
