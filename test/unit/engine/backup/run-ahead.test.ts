import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, beginRun, listSnapshots, type Repository } from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { withLock } from '../../../../main/engine/repository/locks.ts';
import { readOnly } from '../../../../main/engine/store/read-only-store.ts';
import type { WriteStore } from '../../../../main/engine/store/store.ts';
import { newRepository } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let repository: Repository;
beforeEach(async () => {
  scratch = await temporaryFolder('run-ahead');
  await mkdir(join(scratch.path, 'source'));
  await writeFile(join(scratch.path, 'source', 'a file'), 'content');
  repository = await newRepository(join(scratch.path, 'repository'));
});
afterEach(() => scratch.remove());

const scan = () => ({ paths: [join(scratch.path, 'source')], workingDirectory: '/' });

/** The repository as if it were behind a network. */
function remote(changes: Partial<WriteStore> = {}): WriteStore {
  const { store } = repository;
  return {
    ...readOnly(store),
    put: (name, bytes, signal) => store.put(name, bytes, signal),
    remove: (name, signal) => store.remove(name, signal),
    capabilities: { connections: 5, remote: true },
    ...changes,
  };
}

async function isUntouched(store: WriteStore): Promise<boolean> {
  const ahead = beginRun(scan(), store);
  const untouched = await ahead.untouched;
  ahead.close();
  return untouched;
}

it('knows a remote that holds nothing, and believes it only of a clear answer', async () => {
  expect(await isUntouched(remote())).toBe(true);
  const list = async (): Promise<never> => {
    throw new TriplicateError('store/unreachable', 'The place does not answer.');
  };
  expect(await isUntouched(remote({ list }))).toBe(false);
  await backup({ ...scan(), destinations: [{ repository }] });
  expect(await isUntouched(remote())).toBe(false);
});

it('makes the first snapshot of a remote, and the second with its parent', async () => {
  const store = remote();
  const run = () =>
    backup({ ...scan(), destinations: [{ repository: { ...repository, store } }], ahead: beginRun(scan(), store) });
  expect((await run()).parents).toEqual([null]);
  const { parents, filesUnchanged } = await run();
  const { snapshots } = await listSnapshots(repository);
  expect(parents).toEqual([snapshots[0]?.id]);
  expect(filesUnchanged).toBe(1);
});

it('writes nothing to an untouched remote that another program has locked', async () => {
  const written: string[] = [];
  const store = remote({
    put: async (name, bytes, signal) => {
      written.push(name.type);
      await repository.store.put(name, bytes, signal);
    },
  });
  await withLock(repository, 'exclusive', async () => {
    const ahead = beginRun(scan(), store);
    const run = backup({ ...scan(), destinations: [{ repository: { ...repository, store } }], ahead });
    await expect(run).rejects.toMatchObject({ code: 'repo/locked' });
  });
  expect(written).toEqual([]);
});
