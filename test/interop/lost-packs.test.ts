import { chmod, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  backup,
  check,
  findSnapshot,
  loadIndex,
  planRestore,
  type Repository,
  repairIndex,
  restore,
} from '../../main/engine/engine.ts';
import { readOnly } from '../../main/engine/store/read-only-store.ts';
import type { WriteStore } from '../../main/engine/store/store.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, reopen } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let repository: Repository;
const at = (...names: readonly string[]) => join(scratch.path, ...names);
const run = (to = repository) =>
  backup({ destinations: [{ repository: to }], paths: [at('source')], workingDirectory: '/' });

/** The repository as if it were behind a network, where a run goes on while it is looked for lost packs. */
function far(listPacks?: WriteStore['list']): Repository {
  const { store } = repository;
  const remote: WriteStore = {
    ...readOnly(store),
    capabilities: { connections: 5, remote: true },
    list: (type, signal) => (type === 'data' && listPacks ? listPacks(type, signal) : store.list(type, signal)),
    put: (name, bytes, signal) => store.put(name, bytes, signal),
    remove: (name, signal) => store.remove(name, signal),
  };
  return { ...repository, store: remote };
}

async function packs(): Promise<readonly string[]> {
  const shards = await readdir(at('repository', 'data'));
  const found = await Promise.all(
    shards.map(async (shard) =>
      (await readdir(at('repository', 'data', shard))).map((name) => at('repository', 'data', shard, name)),
    ),
  );
  return found.flat();
}

beforeEach(async () => {
  scratch = await temporaryFolder('lost-packs');
  repository = await newRepository(at('repository'));
  await mkdir(at('source', 'below'), { recursive: true });
  for (let n = 0; n < 20; n++) await writeFile(at('source', 'below', `file ${n}`), `content ${n}`.repeat(1000));
  await run();
});
afterEach(() => scratch.remove());

/** The newest snapshot by a program that knows nothing of what happened. */
async function restoreLatest(): Promise<void> {
  const fresh = await reopen(at('repository'));
  const { snapshot } = await findSnapshot(fresh, 'latest', {});
  const from = at('source').slice(1);
  const plan = await planRestore({ repository: fresh, tree: snapshot.tree, target: at('out'), from, existing: 'skip' });
  const report = await restore(plan);
  expect(report.result).toBe('complete');
  expect(describeTree(at('out', 'below'))).toEqual(describeTree(at('source', 'below')));
}

describe('a backup into a repository that has lost packs', () => {
  it.each(['deleted', 'cut short'] as const)('stores what is %s again, says so, and can be restored', async (how) => {
    const [lost = ''] = await packs();
    if (how === 'deleted') await rm(lost);
    else {
      await chmod(lost, 0o600);
      await truncate(lost, 100);
    }
    const report = await run();
    expect(report.results[0]).toMatchObject({ damagedParts: 1 });
    expect(report.results[0]?.bytesAdded).toBeGreaterThan(0);
    await restoreLatest();
    // The damage of the past is not talked away.
    expect((await check({ repository: await reopen(at('repository')), read: 'structure' })).result).toBe('damaged');
  });

  it.each(['deleted', 'cut short'] as const)('does so at a far place: %s', async (how) => {
    const [lost = ''] = await packs();
    if (how === 'deleted') await rm(lost);
    else {
      await chmod(lost, 0o600);
      await truncate(lost, 100);
    }
    await writeFile(at('source', 'more'), 'more');
    const report = await run(far());
    expect(report.results[0]).toMatchObject({ damagedParts: 1 });
    expect(await readdir(at('repository', 'snapshots'))).toHaveLength(2);
    expect(await readdir(at('repository', 'locks'))).toEqual([]);
    await restoreLatest();
  });

  it('puts nothing in place at a far place before all packs were seen there', async () => {
    const before = await packs();
    await writeFile(at('source', 'more'), 'more');
    const seen = Promise.withResolvers<void>();
    const running = run(
      far(async (type, signal) => {
        await seen.promise;
        return repository.store.list(type, signal);
      }),
    );
    await wait(1500);
    expect(await packs()).toEqual(before);
    seen.resolve();
    expect((await running).results[0]).toMatchObject({ damagedParts: 0 });
    await restoreLatest();
  });

  it('writes nothing to a far place where none of the packs is to be seen', async () => {
    for (const pack of await packs()) await rm(pack);
    await writeFile(at('source', 'more'), 'more');
    const before = await readdir(at('repository', 'snapshots'));
    await expect(run(far())).rejects.toMatchObject({ code: 'repo/damaged' });
    expect(await readdir(at('repository', 'snapshots'))).toEqual(before);
    expect(await packs()).toEqual([]);
  });

  it('writes nothing where none of the packs is to be seen', async () => {
    for (const pack of await packs()) await rm(pack);
    const before = await readdir(at('repository', 'snapshots'));
    await expect(run()).rejects.toMatchObject({ code: 'repo/damaged' });
    expect(await readdir(at('repository', 'snapshots'))).toEqual(before);
    expect(await packs()).toEqual([]);
  });

  it('stores a folder again whose stored listing is damaged, so that it can be restored', async () => {
    const { index } = await loadIndex(repository);
    for (const { id, blobs } of index.packs()) {
      const path = at('repository', 'data', id.slice(0, 2), id);
      await chmod(path, 0o600);
      if (blobs[0]?.type === 'tree') await writeFile(path, (await readFile(path)).fill(7));
    }
    const report = await run();
    expect(report.results[0]?.damagedParts).toBeGreaterThan(0);
    await restoreLatest();
  });

  it('looks for them as well when a run of changes turns out to be a full scan', async () => {
    const other = await newRepository(at('other'), { chunkerPolynomial: repository.config.chunkerPolynomial });
    const { index } = await loadIndex(repository);
    const content = [...index.packs()].find(({ blobs }) => blobs[0]?.type === 'data')?.id ?? '';
    await rm(at('repository', 'data', content.slice(0, 2), content));
    const paths = [at('source')];
    const changes = { paths, workingDirectory: '/', dirtyDirectories: new Set(paths) };
    // The other one has nothing to compare with, so that everything is looked at.
    const report = await backup({ ...changes, destinations: [{ repository }, { repository: other }] });
    expect(report).toMatchObject({ scan: 'full', results: [{ damagedParts: 1 }, { damagedParts: 0 }] });
    await restoreLatest();
  });

  it('says nothing of the kind when all is well', async () => {
    expect((await run()).results[0]).toMatchObject({ damagedParts: 0 });
  });
});

describe('a backup into a repository that has lost its index', () => {
  const loseIndex = async (): Promise<void> => {
    for (const name of await readdir(at('repository', 'index'))) await rm(at('repository', 'index', name));
  };

  it.each(['full', 'changes'] as const)('stores everything again and says so: %s', async (scan) => {
    const before = await packs();
    await loseIndex();
    const dirty = scan === 'full' ? {} : { dirtyDirectories: new Set([at('source')]) };
    const request = { destinations: [{ repository }], paths: [at('source')], workingDirectory: '/', ...dirty };
    const report = await backup(request);
    expect(report.results[0]).toMatchObject({ damagedParts: 1, indexLost: true });
    expect(report.results[0]?.bytesAdded).toBeGreaterThan(0);
    await restoreLatest();
    // What was there before is found by the next repair, and nothing is said any more.
    expect(await packs()).toEqual(expect.arrayContaining([...before]));
    await repairIndex({ repository: await reopen(at('repository')) });
    expect((await check({ repository: await reopen(at('repository')), read: 'data' })).result).toBe('good');
    expect((await backup(request)).results[0]).not.toHaveProperty('indexLost');
  });

  it('says so also after a run that was interrupted when it had stored some of an index', async () => {
    await loseIndex();
    const before = await readdir(at('repository', 'snapshots'));
    await writeFile(at('source', 'more'), 'more');
    await run();
    for (const name of await readdir(at('repository', 'snapshots'))) {
      if (!before.includes(name)) await rm(at('repository', 'snapshots', name));
    }
    expect((await loadIndex(repository)).index.blobCount).toBeGreaterThan(0);
    expect((await run()).results[0]).toMatchObject({ damagedParts: 1, indexLost: true });
  });

  it('takes a first snapshot of another program that was stored meanwhile for what it is', async () => {
    const { store } = repository;
    const late: WriteStore = {
      ...readOnly(store),
      capabilities: store.capabilities,
      put: (name, bytes, signal) => store.put(name, bytes, signal),
      remove: (name, signal) => store.remove(name, signal),
      list: async (type, signal) => (type === 'index' && looks++ === 0 ? [] : store.list(type, signal)),
    };
    let looks = 0;
    const report = await run({ ...repository, store: late });
    expect(report.results[0]).toMatchObject({ damagedParts: 0, dataBlobsAdded: 0 });
    expect(looks).toBe(2);
  });
});
