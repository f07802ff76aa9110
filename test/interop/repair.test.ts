import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup, loadIndex, type Repository, repairIndex } from '../../main/engine/engine.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { faulty, type PlannedFault } from '../support/faulty-store.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
let scratch: TemporaryFolder;
const at = (...names: readonly string[]) => join(scratch.path, ...names);
const judge = (repository = 'repository') =>
  restic({ repository: at(repository), passphrase: PASSPHRASE, scratch: at('judge') });

/** Two snapshots by restic: an index file, a data pack and a tree pack for each. */
beforeEach(async () => {
  scratch = await temporaryFolder('repair');
  await newRepository(at('repository'));
  await mkdir(at('source', 'below'), { recursive: true });
  await writeFile(at('source', 'first'), randomBytes(900_000));
  await writeFile(at('source', 'below', 'text'), 'text '.repeat(50_000));
  await judge().backup([at('source')]);
  await writeFile(at('source', 'below', 'second'), randomBytes(900_000));
  await judge().backup([at('source')]);
});
afterEach(() => scratch.remove());

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
    for (const keep of [0, 1]) {
      const { repository, assertAllFired } = failing(await reopen(at('repository')), [
        { method: 'list', type: 'data', fault: { kind: 'cut', keep } },
      ]);
      await expect(repairIndex({ repository })).rejects.toMatchObject({ code: 'repo/damaged' });
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
