import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { listLocks, withLock } from '../../../../main/engine/repository/locks.ts';
import { readOnly } from '../../../../main/engine/store/read-only-store.ts';
import { newRepository } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('locks');
});
afterEach(async () => {
  await scratch.remove();
});

it('goes without a lock where none can be written, but only for work that says so, and never past another lock', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const unwritable = { ...repository, store: readOnly(repository.store) };
  const done = async (): Promise<string> => 'done';
  await expect(withLock(unwritable, 'shared', done)).rejects.toMatchObject({ code: 'store/read-only' });
  let told = 0;
  const onUnwritable = (): void => {
    told++;
  };
  expect(await withLock(unwritable, 'shared', done, { onUnwritable })).toBe('done');
  expect(await withLock(repository, 'shared', done, { onUnwritable })).toBe('done');
  expect(told).toBe(1);
  const fullDisk = async (): Promise<never> => {
    throw new TriplicateError('store/full', 'The disk is full.');
  };
  const full = { ...repository, store: { ...readOnly(repository.store), put: fullDisk } };
  await expect(withLock(full, 'shared', done)).rejects.toMatchObject({ code: 'store/full' });
  expect(await withLock(full, 'shared', done, { onUnwritable })).toBe('done');
  await withLock(repository, 'exclusive', async () => {
    const refused = withLock(unwritable, 'shared', done, { onUnwritable });
    await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
  });
  expect(await listLocks(repository)).toEqual([]);
});
