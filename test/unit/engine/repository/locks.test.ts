import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { listLocks, takeLock, unlock, withLock } from '../../../../main/engine/repository/locks.ts';
import { readOnly } from '../../../../main/engine/store/read-only-store.ts';
import type { WriteStore } from '../../../../main/engine/store/store.ts';
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

/** A place so far away that another program may lock and hold while our lock travels. */
function farAway(store: WriteStore, events: string[], onWritten: () => Promise<void>): WriteStore {
  return {
    ...readOnly(store),
    list: async (type, signal) => {
      events.push(`list ${type}`);
      return store.list(type, signal);
    },
    put: async (name, bytes, signal) => {
      await wait(150);
      await store.put(name, bytes, signal);
      events.push('locked');
      await onWritten();
    },
    remove: (name, signal) => store.remove(name, signal),
  };
}

it('lets a run read as soon as its lock is written, where that took long after one more look', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const events: string[] = [];
  const store = farAway(repository.store, events, async () => undefined);
  const lock = takeLock({ ...repository, store }, 'shared');
  await lock.written;
  events.push('reads');
  await lock.held;
  expect(events).toEqual(['list locks', 'locked', 'list locks', 'reads', 'list locks']);
  await lock.release();
  expect(await listLocks(repository)).toEqual([]);
});

it('does not let it read when another has locked meanwhile, even if that lock is gone a moment later', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const other = { ...repository, host: { ...repository.host, pid: 1 } };
  let otherLock: ReturnType<typeof takeLock> | undefined;
  const far = farAway(repository.store, [], async () => {
    await unlock(repository, 'all');
    otherLock = takeLock(other, 'exclusive');
    await otherLock.held;
  });
  const get: WriteStore['get'] = async (name, range, signal) => {
    const bytes = await far.get(name, range, signal);
    await otherLock?.release();
    return bytes;
  };
  const store = { ...far, get };
  const lock = takeLock({ ...repository, store }, 'shared');
  await expect(lock.written).rejects.toMatchObject({ code: 'repo/locked' });
  await expect(lock.held).rejects.toMatchObject({ code: 'repo/locked' });
  await lock.release();
});
