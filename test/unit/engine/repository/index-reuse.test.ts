import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, type LoadedIndex, loadIndex, type Repository } from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { newRepository } from '../../../support/engine.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** An index that is kept from run to run (`loadIndex`'s `known`), and index files that go: another program's prune. */

let scratch: TemporaryFolder;
let repository: Repository;
beforeEach(async () => {
  scratch = await temporaryFolder('index-reuse');
  await mkdir(join(scratch.path, 'source'));
  repository = await newRepository(join(scratch.path, 'repository'));
});
afterEach(() => scratch.remove());

async function run(name: string, to: Repository, knownIndex: LoadedIndex): Promise<LoadedIndex | undefined> {
  await writeFile(join(scratch.path, 'source', name), `content of ${name}`);
  const paths = [join(scratch.path, 'source')];
  const report = await backup({ destinations: [{ repository: to, knownIndex }], paths, workingDirectory: '/' });
  return report.results[0]?.index;
}

/** The run names its packs in an index file, and fails after that: nobody learns of that file. */
async function failAtTheSnapshot(name: string, known: LoadedIndex): Promise<void> {
  const error = new TriplicateError('store/denied', 'No.');
  const { store } = faulty(repository.store, [{ method: 'put', type: 'snapshots', fault: { kind: 'fail', error } }]);
  await expect(run(name, { ...repository, store }, known)).rejects.toMatchObject({ code: 'store/denied' });
}

/** Gives how many blobs the index files that stay have. */
async function removeIndexFiles(kept: readonly string[]): Promise<number> {
  for (const { id } of await repository.store.list('index')) {
    if (!kept.includes(id)) await repository.store.remove({ type: 'index', id });
  }
  return (await loadIndex(repository)).index.blobCount;
}

it.each(['nothing', 'one run'] as const)(
  'is read anew when what a failed run added is gone, and it had %s before',
  async (before) => {
    let known = await loadIndex(repository);
    if (before === 'one run') known = (await run('one', repository, known)) ?? known;
    await failAtTheSnapshot('two', known);
    expect((await loadIndex(repository)).indexIds).toHaveLength(known.indexIds.length + 1);
    const left = await removeIndexFiles(known.indexIds);
    const { index } = await loadIndex(repository, { known });
    expect(index.blobCount).toBe(left);
    expect(index).not.toBe(known.index);
  },
);

it('is used again while what a failed run added is there', async () => {
  const known = await loadIndex(repository);
  await failAtTheSnapshot('one', known);
  const { index } = await loadIndex(repository, { known });
  expect(index).toBe(known.index);
  expect(index.blobCount).toBe((await loadIndex(repository)).index.blobCount);
});

it('is read without a file that is still listed and gone, by whoever only reads', async () => {
  const known = (await run('one', repository, await loadIndex(repository))) as LoadedIndex;
  const gone = 'f'.repeat(64);
  const list: Repository['store']['list'] = async (type, signal) => {
    const files = await repository.store.list(type, signal);
    return type === 'index' ? [...files, { id: gone, size: 100 }] : files;
  };
  const { store: inner } = faulty(repository.store, []);
  const stale = { ...repository, store: { ...inner, list } };
  const { index, damaged } = await loadIndex(stale, { onDamage: 'report' });
  expect([index.packCount, damaged.map(({ id }) => id)]).toEqual([known.index.packCount, [gone]]);
  await expect(loadIndex(stale)).rejects.toMatchObject({ code: 'store/not-found' });
});
