import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, loadIndex, prune, type Repository, repairIndex } from '../../../../main/engine/engine.ts';
import { newRepository } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let repository: Repository;

beforeEach(async () => {
  scratch = await temporaryFolder('interrupted-first-backup');
  repository = await newRepository(join(scratch.path, 'repository'));
  await mkdir(join(scratch.path, 'source'));
  await writeFile(join(scratch.path, 'source', 'file'), randomBytes(300_000));
  await backUp();
  for (const type of ['index', 'snapshots'] as const) {
    for (const { id } of await repository.store.list(type)) await repository.store.remove({ type, id });
  }
});
afterEach(() => scratch.remove());

async function backUp(): Promise<number> {
  const paths = [join(scratch.path, 'source')];
  const { results } = await backup({ destinations: [{ repository }], paths, workingDirectory: '/' });
  return results[0]?.bytesAdded ?? Number.NaN;
}

it.each(['plan', 'prune'] as const)(
  'removes no pack where neither index nor snapshot is to be seen (%s)',
  async (mode) => {
    const before = await repository.store.list('data');
    await expect(prune({ repository, mode })).rejects.toMatchObject({
      code: 'repo/damaged',
      hint: expect.stringContaining('repair index'),
    });
    expect(await repository.store.list('data')).toEqual(before);
  },
);

it('finishes after the next backup, which stores all of it anew', async () => {
  expect(await backUp()).toBeGreaterThan(300_000);
  await prune({ repository, mode: 'prune' });
  await expectOnlyIndexed();
});

it('finishes after a repair of the index and the next backup, which uses what is there', async () => {
  await repairIndex({ repository });
  expect(await backUp()).toBeLessThan(10_000);
  await prune({ repository, mode: 'prune' });
  await expectOnlyIndexed();
});

async function expectOnlyIndexed(): Promise<void> {
  const { index } = await loadIndex(repository);
  const listed = (await repository.store.list('data')).map(({ id }) => id);
  expect(listed.sort()).toEqual([...index.packs()].map(({ id }) => id as string).sort());
}
