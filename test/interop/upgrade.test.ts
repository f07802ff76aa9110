import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keptConfig } from '../../main/cli/repo/kept-config.ts';
import { backup, loadIndex, prune, type Repository, upgradeRepository } from '../../main/engine/engine.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { takeLock } from '../../main/engine/repository/locks.ts';
import { CONFIG_FILE } from '../../main/engine/store/store.ts';
import { describeTree } from '../support/compare-trees.ts';
import { cheapenKey, newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { faulty, type PlannedFault } from '../support/faulty-store.ts';
import { type Asked, type Fault, startFaultyServer } from '../support/http-faults.ts';
import { startRcloneRemotes } from '../support/rclone-remotes.ts';
import { startRestServer } from '../support/rest-server.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
let scratch: TemporaryFolder;
const at = (...names: readonly string[]) => join(scratch.path, ...names);
const judge = (repository = 'repository') =>
  restic({ repository: at(repository), passphrase: PASSPHRASE, scratch: at('judge') });

const ROOMS = ['config', 'data', 'index', 'keys', 'locks', 'snapshots'];

/** A round time: the folder gets it back after each test. */
const FOLDER_TIME = new Date('2026-01-02T03:04:05Z');

/** A version 1 repository of restic's with two snapshots, made once. Each test gets a copy. */
beforeAll(async () => {
  scratch = await temporaryFolder('upgrade');
  await mkdir(at('source', 'below'), { recursive: true });
  await writeFile(at('source', 'noise'), randomBytes(2_000_000));
  await writeFile(at('source', 'below', 'text'), 'text '.repeat(100_000));
  await judge('template').run('init', '--repository-version', '1');
  await cheapenKey(at('template'));
  await judge('template').backup([at('source')]);
  await writeFile(at('source', 'below', 'more'), 'more '.repeat(100_000));
  await utimes(at('source', 'below'), FOLDER_TIME, FOLDER_TIME);
  await judge('template').backup([at('source')]);
});
beforeEach(() => cp(at('template'), at('repository'), { recursive: true }));
afterEach(async () => {
  for (const name of await readdir(scratch.path)) {
    if (name !== 'template' && name !== 'source') await rm(at(name), { recursive: true });
  }
  for (const name of ['new', 'by us', 'by restic']) await rm(at('source', 'below', name), { force: true });
  await utimes(at('source', 'below'), FOLDER_TIME, FOLDER_TIME);
});
afterAll(() => scratch.remove());

const triplicate = (...args: readonly string[]) => triplicateIn({}, ...args);
const triplicateIn = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  execa(process.execPath, [PROGRAM, '--home', at('home'), 'repo', ...args], {
    env: { TRIPLICATE_PASSWORD: PASSPHRASE, ...env },
    stdin: 'ignore',
    reject: false,
  });

async function expectRestored(target: string): Promise<void> {
  expect(describeTree(join(target, at('source'))).slice(1)).toEqual(describeTree(at('source')).slice(1));
}

async function expectWhole(): Promise<void> {
  await judge().check('--read-data');
  await judge().restore('latest', at('restored'), '--verify');
  await expectRestored(at('restored'));
  await rm(at('restored'), { recursive: true });
}

async function version(): Promise<number> {
  const { stdout } = await judge().run('cat', 'config');
  return (JSON.parse(stdout) as { version: number }).version;
}

const run = (repository: Repository) =>
  backup({ destinations: [{ repository }], paths: [at('source')], workingDirectory: '/' });

describe('a version 1 repository', () => {
  it('is read by every verb', async () => {
    const [first, second] = (await judge().snapshots()).map(({ id }) => id.slice(0, 8)) as [string, string];
    const repository = at('repository');
    const said = async (verb: string, ...args: readonly string[]) => {
      const { exitCode, stdout, stderr } = await triplicate(verb, repository, ...args);
      expect(`${verb} ${exitCode} ${stderr}`).toBe(`${verb} 0 `);
      return stdout;
    };
    expect(await said('snapshots')).toContain(second);
    expect(await said('ls', 'latest')).toContain('/below/more');
    expect(await said('find', 'mor*')).toContain('more');
    expect(await said('dump', first, at('source', 'below', 'text'))).toBe('text '.repeat(100_000));
    expect(await said('diff', first, second)).toContain('+    ');
    expect(await said('stats', '--mode', 'raw-data')).toContain('2 snapshots');
    expect(await said('check', '--read-data')).toContain('No errors');
    await said('restore', 'latest', '--target', at('restored'));
    await expectRestored(at('restored'));
    await newRepository(at('target'));
    expect(await said('copy', at('target'))).toContain('Copied 2 snapshots');
    await judge('target').check('--read-data');
    await judge('target').restore('latest', at('restored from target'));
    await expectRestored(at('restored from target'));
  });

  it('is written without compression, pruned and repaired, and stays one that restic passes', async () => {
    await writeFile(at('source', 'below', 'new'), 'new '.repeat(100_000));
    const repository = await reopen(at('repository'));
    const report = await run(repository);
    expect(report.filesUnchanged).toBe(3);
    await expectWhole();
    const { index } = await loadIndex(repository);
    for (const { blobs } of index.packs()) for (const blob of blobs) expect(blob.uncompressedLength).toBe(0);
    for (const file of await readdir(at('repository', 'index'))) await rm(at('repository', 'index', file));
    expect((await triplicate('repair', 'index', at('repository'))).exitCode).toBe(0);
    expect((await triplicate('forget', at('repository'), '--keep-last', '1')).exitCode).toBe(0);
    await prune({ repository: await reopen(at('repository')), mode: 'prune', maxUnused: 0 });
    await expectWhole();
    expect(await version()).toBe(1);
  });

  it('takes a run together with one of version 2', async () => {
    const [one, two] = [await reopen(at('repository')), await newRepository(at('two'))];
    const destinations = [{ repository: one }, { repository: two }];
    const { results } = await backup({ destinations, paths: [at('source')], workingDirectory: '/' });
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
    await judge().check('--read-data');
    await judge('two').check('--read-data');
  });
});

describe('repo upgrade', () => {
  const failing = (repository: Repository, plan: readonly PlannedFault[]) => {
    const wrapped = faulty(repository.store, plan);
    return { repository: { ...repository, store: wrapped.store }, assertAllFired: wrapped.assertAllFired };
  };
  const away = new TriplicateError('store/unreachable', 'Away.');

  it('makes it one that restic and we work on as version 2; what was stored stays readable', async () => {
    const { mode } = await stat(at('repository', 'config'));
    const { exitCode, stdout } = await triplicate('upgrade', at('repository'), '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout.split('\n').at(-1) ?? '')).toEqual({ type: 'summary', result: 'upgraded', version: 2 });
    expect(await version()).toBe(2);
    expect((await stat(at('repository', 'config'))).mode).toBe(mode);
    expect(await readdir(at('home', 'kept-configs'))).toEqual([]);
    await expectWhole();
    await writeFile(at('source', 'below', 'by us'), 'by us '.repeat(100_000));
    const repository = await reopen(at('repository'));
    expect((await run(repository)).results[0]?.bytesAdded).toBeLessThan(20_000);
    await writeFile(at('source', 'below', 'by restic'), 'by restic '.repeat(100_000));
    await judge().backup([at('source')]);
    await expectWhole();
    expect((await triplicate('upgrade', at('repository'))).stdout).toContain('already');
    await prune({ repository, mode: 'prune', maxUnused: 0 });
    await expectWhole();
  });

  it('refuses a damaged repository and changes nothing', async () => {
    for (const file of await readdir(at('repository', 'index'))) await rm(at('repository', 'index', file));
    const config = await readFile(at('repository', 'config'));
    const upgrade = upgradeRepository({
      repository: await reopen(at('repository')),
      keepConfig: async () => undefined,
    });
    await expect(upgrade).rejects.toMatchObject({ code: 'repo/damaged' });
    expect(await readFile(at('repository', 'config'))).toEqual(config);
  });

  it('replaces nothing before the old config is kept', async () => {
    const config = await readFile(at('repository', 'config'));
    const keepConfig = async (): Promise<void> => {
      throw new TriplicateError('store/full', 'Full.');
    };
    const repository = await reopen(at('repository'));
    await expect(upgradeRepository({ repository, keepConfig })).rejects.toMatchObject({ code: 'store/full' });
    expect(await readFile(at('repository', 'config'))).toEqual(config);
  });

  it.each(['fail', 'fail-after'] as const)('a replacement that fails (%s) leaves a whole repository', async (kind) => {
    let kept: Uint8Array | undefined;
    const { repository, assertAllFired } = failing(await reopen(at('repository')), [
      { method: 'replaceConfig', fault: { kind, error: away } },
    ]);
    const keepConfig = async (sealed: Uint8Array): Promise<void> => {
      kept = sealed;
    };
    await expect(upgradeRepository({ repository, keepConfig })).rejects.toMatchObject({ message: 'Away.' });
    assertAllFired();
    expect(kept).toBeDefined();
    expect(await version()).toBe(kind === 'fail' ? 1 : 2);
    await expectWhole();
  });

  /** A place where the old config goes before the new one comes, and where it fails in between. */
  const failingBetween = (repository: Repository, put: 'works' | 'fails'): Repository => {
    const { store } = faulty(
      repository.store,
      put === 'works' ? [] : [{ method: 'put', type: 'config', fault: { kind: 'fail', error: away } }],
    );
    const replaceConfig = async (): Promise<never> => {
      await store.remove(CONFIG_FILE);
      throw away;
    };
    return { ...repository, store: { ...store, replaceConfig } };
  };

  it('puts the old config back where it was removed and the new one did not arrive', async () => {
    const repository = failingBetween(await reopen(at('repository')), 'works');
    const upgrade = upgradeRepository({ repository, keepConfig: async () => undefined });
    await expect(upgrade).rejects.toMatchObject({ message: 'Away.' });
    expect(await version()).toBe(1);
    await expectWhole();
  });

  it('killed between the two, it is finished by the next run', async () => {
    const repository = failingBetween(await reopen(at('repository')), 'fails');
    const kept = keptConfig(at('repository'), at('home'));
    const upgrade = upgradeRepository({ repository, keepConfig: kept.write });
    await expect(upgrade).rejects.toMatchObject({ hint: expect.stringContaining('again') });
    expect(await readdir(at('repository'))).not.toContain('config');
    const { exitCode, stdout } = await triplicate('upgrade', at('repository'));
    expect(stdout).toContain('put back');
    expect(exitCode).toBe(0);
    expect(await version()).toBe(2);
    await expectWhole();
    expect(await kept.read()).toBeUndefined();
  });

  it('killed when all was done, it takes the lock away that it has left', async () => {
    expect((await triplicate('upgrade', at('repository'))).exitCode).toBe(0);
    const repository = await reopen(at('repository'));
    const ended = execa('true');
    await ended;
    const host = { ...repository.host, pid: ended.pid ?? 0 };
    const lock = takeLock({ ...repository, host }, 'exclusive');
    await lock.held;
    await expect(judge().check()).rejects.toThrow(/lock/);
    expect((await triplicate('upgrade', at('repository'))).exitCode).toBe(0);
    await judge().check();
    await lock.release();
  });

  /** What a server that is full, or cuts short what it says it has stored, makes of everything but locks. */
  const spoiling =
    (fault: Fault) =>
    ({ method, path }: Asked): Fault =>
      /^(PUT|POST)$/.test(method) && !path.includes('/locks/') ? fault : { kind: 'pass' };

  it.each([
    ['is full', { kind: 'status', status: 507 }, 'is full'],
    ['cuts short what it stores', { kind: 'half' }, 'did not arrive whole'],
  ] as const)('keeps the old config at a WebDAV server that %s', async (_name, fault, words) => {
    const remotes = await startRcloneRemotes(at('remotes'), ['dav']);
    const proxy = await startFaultyServer(remotes.ports.dav);
    try {
      await cp(at('template'), join(remotes.folders.dav, 'repository'), { recursive: true });
      const config = await readFile(join(remotes.folders.dav, 'repository', 'config'));
      const known = await readFile(remotes.configFile, 'utf8');
      await writeFile(remotes.configFile, known.replaceAll(`${remotes.ports.dav}`, `${proxy.port}`));
      proxy.set(spoiling(fault));
      const { exitCode, stderr } = await triplicateIn(remotes.env, 'upgrade', 'rclone:dav:repository');
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(words)]);
      expect(proxy.met()).toBeGreaterThan(0);
      expect((await readdir(join(remotes.folders.dav, 'repository'))).sort()).toEqual(ROOMS);
      expect(await readFile(join(remotes.folders.dav, 'repository', 'config'))).toEqual(config);
    } finally {
      await proxy.close();
      await remotes.close();
    }
  });

  it('is finished by the next run where a repository server has cut the new config short', async () => {
    const server = await startRestServer(at('repository'));
    const proxy = await startFaultyServer(server.port);
    try {
      const location = `rest:${server.url(proxy.port)}`;
      proxy.set(spoiling({ kind: 'half' }));
      const { exitCode, stderr } = await triplicate('upgrade', location);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('`repo upgrade` again')]);
      await expect(version()).rejects.toThrow();
      proxy.set(() => ({ kind: 'pass' }));
      const again = await triplicate('upgrade', location);
      expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('put back')]);
      expect(await version()).toBe(2);
      await expectWhole();
    } finally {
      await proxy.close();
      await server.close();
    }
  });

  it('puts no kept config where the repository is not', async () => {
    const kept = keptConfig(at('mount point'), at('home'));
    await kept.write(await readFile(at('repository', 'config')));
    await mkdir(at('mount point'));
    expect((await triplicate('upgrade', at('mount point'))).exitCode).toBe(1);
    expect(await readdir(at('mount point'))).toEqual([]);
    // Another repository's keys do not open it.
    await newRepository(at('other'));
    await rm(at('other', 'config'));
    const wrong = keptConfig(at('other'), at('home'));
    await wrong.write(await readFile(at('repository', 'config')));
    expect((await triplicate('upgrade', at('other'))).exitCode).toBe(1);
    expect(await readdir(at('other'))).not.toContain('config');
  });
});
