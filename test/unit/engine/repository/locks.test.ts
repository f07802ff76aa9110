import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Repository } from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { encodeLock } from '../../../../main/engine/format/lock.ts';
import {
  type LockMode,
  listLocks,
  takeLock,
  unlock,
  withLock,
  withReadLock,
} from '../../../../main/engine/repository/locks.ts';
import { writeUnpacked } from '../../../../main/engine/repository/unpacked-files.ts';
import { readOnly } from '../../../../main/engine/store/read-only-store.ts';
import { retrying } from '../../../../main/engine/store/retrying-store.ts';
import type { FileName, WriteStore } from '../../../../main/engine/store/store.ts';
import { storedObject } from '../../../contract/store-suite.ts';
import { hostAheadBy, newRepository } from '../../../support/engine.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
import { faulty, type PlannedFault } from '../../../support/faulty-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const ONE_MINUTE = 60n * 1_000_000_000n;
const FORTY_MINUTES = 40n * ONE_MINUTE;

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

it('passes over no lock where a dead one beside it cannot be taken away', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const { host } = repository;
  const { hostname, username, clock } = host;
  const write = (pid: number, exclusive: boolean): Promise<string> => {
    const time = { ns: clock.now() };
    return writeUnpacked(repository, 'locks', encodeLock({ time, exclusive, hostname, username, pid }));
  };
  for (let n = 0; n < 8; n++) await write(2, false);
  await write(1, true);
  const judging = { ...host, processExists: (pid: number) => pid !== 2 };
  const unwritable = { ...repository, host: judging, store: readOnly(repository.store) };
  const work = async (): Promise<string> => 'done';
  const refused = withLock(unwritable, 'shared', work, { onUnwritable: () => undefined });
  await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
});

it.each([
  ['at first', 2],
  ['ever', 99],
])('passes over no lock that the place does not give %s', async (_when, times) => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const other = takeLock(repository, 'shared');
  await other.held;
  const error = new TriplicateError('store/corrupt', 'The disk reports a read error.');
  const faults = faulty(repository.store, [{ method: 'get', type: 'locks', times, fault: { kind: 'fail', error } }]);
  const refused = withLock({ ...repository, store: faults.store }, 'exclusive', async () => undefined);
  await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
  expect(faults.calls('get')).toBe(3);
  await other.release();
  expect(await listLocks(repository)).toEqual([]);
});

/** A place whose list shows what was stored only after so many looks at it. */
function showingLate(store: WriteStore, looks: number): WriteStore {
  const seen = new Map<string, number>();
  return {
    ...faulty(store, []).store,
    list: async (type, signal) => {
      const listed = await store.list(type, signal);
      for (const { id } of listed) seen.set(id, (seen.get(id) ?? 0) + 1);
      return listed.filter(({ id }) => (seen.get(id) ?? 0) > looks);
    },
  };
}

it('holds no lock before the list of the place shows it, and the lock of another that was there', async () => {
  const made = await newRepository(join(scratch.path, 'repository'));
  const repository = { ...made, host: { ...made.host, clock: { ...fakeClock(), now: made.host.clock.now } } };
  const late = { ...repository, store: showingLate(made.store, 5) };
  expect(await withLock(late, 'exclusive', async () => 'done')).toBe('done');
  const other = takeLock(made, 'shared');
  await other.held;
  const hidden = { ...repository, store: showingLate(made.store, 5) };
  const refused = withLock(hidden, 'exclusive', async () => undefined);
  await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
  const never = { ...repository, store: showingLate(made.store, Number.POSITIVE_INFINITY) };
  const unsure = withLock(never, 'exclusive', async () => undefined);
  await expect(unsure).rejects.toMatchObject({ code: 'store/list-incomplete' });
  await other.release();
  expect(await listLocks(repository)).toEqual([]);
});

it('does not stand in its own way where the place still shows a lock that it has let go', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const { store } = faulty(repository.store, []);
  const kept: WriteStore = { ...store, remove: async () => undefined };
  expect(await withLock({ ...repository, store: kept }, 'exclusive', async () => 'done')).toBe('done');
  expect(await repository.store.list('locks')).toHaveLength(1);
  expect(await withLock(repository, 'exclusive', async () => 'done')).toBe('done');
  expect(await repository.store.list('locks')).toEqual([]);
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

it('waits before it holds only where another lock may be seen late, or where it wants to be alone', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const sleeps: number[] = [];
  const clock = { ...repository.host.clock };
  const sleep: typeof clock.sleep = (milliseconds, signal) => {
    if (milliseconds < 1000) sleeps.push(milliseconds);
    return repository.host.clock.sleep(milliseconds, signal);
  };
  const watched = { ...repository, host: { ...repository.host, clock: { ...clock, sleep } } };
  const sleepsOf = async (one: Repository, mode: LockMode): Promise<readonly number[]> => {
    sleeps.length = 0;
    await withLock(one, mode, async () => undefined);
    return [...sleeps];
  };
  const store = Object.assign(faulty(repository.store, []).store, { showsAtOnce: async () => true });
  const onOwnDisk = { ...watched, store };
  expect(await sleepsOf(onOwnDisk, 'shared')).toEqual([]);
  expect(await sleepsOf(onOwnDisk, 'exclusive')).toEqual([200]);
  expect(await sleepsOf({ ...watched, store: faulty(repository.store, []).store }, 'shared')).toEqual([200]);
});

it('tells after a sleep whether its lock was taken for one that nobody holds, before anything more is written', async () => {
  let slept = 0n;
  const repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => slept) });
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  const idOf = async (): Promise<string | undefined> => (await listLocks(repository))[0]?.id;

  await withLock(repository, 'shared', async (signal, locked) => {
    const before = await idOf();
    slept += FORTY_MINUTES;
    await locked.store.put(name, bytes);
    expect(await idOf()).not.toBe(before);
    expect(signal.aborted).toBe(false);
    await locked.store.remove(name);
  });

  const kept = withLock(repository, 'shared', async (signal, locked) => {
    slept += FORTY_MINUTES;
    await withLock(repository, 'exclusive', async () => undefined);
    await expect(locked.store.put(name, bytes)).rejects.toMatchObject({ code: 'repo/locked' });
    await expect(locked.store.remove(name)).rejects.toMatchObject({ code: 'repo/locked' });
    expect(signal.aborted).toBe(true);
  });
  await kept;
  expect(await repository.store.list('data')).toEqual([]);
  expect(await listLocks(repository)).toEqual([]);
});

it('looks for its lock before it changes anything when it has not seen it for a while', async () => {
  let later = 0n;
  const repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => later) });
  const { store, calls } = faulty(repository.store, []);
  const far = { ...store, capabilities: { ...store.capabilities, remote: true } };
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  await withLock({ ...repository, store: far }, 'shared', async (signal, locked) => {
    const before = calls('get');
    await locked.store.put(name, bytes);
    expect(calls('get')).toBe(before);
    later += ONE_MINUTE;
    await Promise.all([locked.store.remove(name), locked.store.put(name, bytes)]);
    expect(calls('get')).toBe(before + 1);
    later += ONE_MINUTE;
    expect(await unlock(repository, 'all')).toBe(1);
    await expect(locked.store.remove(name)).rejects.toMatchObject({ code: 'repo/locked' });
    expect(signal.aborted).toBe(true);
  });
  expect(await repository.store.list('data')).toHaveLength(1);
});

it('looks for its lock as well when the clock was put back meanwhile', async () => {
  let later = 0n;
  const repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => later) });
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  const refused = withLock(repository, 'shared', async (_, locked) => {
    later -= FORTY_MINUTES;
    expect(await unlock(repository, 'all')).toBe(1);
    await locked.store.put(name, bytes);
  });
  await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
  expect(await repository.store.list('data')).toEqual([]);
});

it('refuses at the end what came of work under a lock that was cleared, where that counts', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const cleared = async (): Promise<string> => {
    expect(await unlock(repository, 'all')).toBe(1);
    return 'done';
  };
  expect(await withLock(repository, 'shared', cleared)).toBe('done');
  const refused = withLock(repository, 'shared', cleared, { atEnd: 'must-be-there' });
  await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
  const kept = withLock(repository, 'shared', async () => 'done', { atEnd: 'must-be-there' });
  expect(await kept).toBe('done');
});

it('does not take a cleared lock for its own where the first removal after a sleep breaks', async () => {
  let slept = 0n;
  const repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => slept) });
  const { store } = faulty(repository.store, []);
  let isBroken = false;
  const remove: WriteStore['remove'] = async (name, signal) => {
    if (isBroken) {
      isBroken = false;
      throw new TriplicateError('store/unreachable', 'The connection broke.');
    }
    await store.remove(name, signal);
  };
  const far = { ...repository, store: retrying({ ...store, remove }, repository.host) };
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  await withLock(far, 'shared', async (_, locked) => {
    slept += FORTY_MINUTES;
    await withLock(repository, 'exclusive', async () => undefined);
    isBroken = true;
    // Several writers ask at once; none goes on before the answer is there.
    const puts = await Promise.allSettled([locked.store.put(name, bytes), locked.store.put(name, bytes)]);
    for (const put of puts) expect(put).toMatchObject({ status: 'rejected', reason: { code: 'repo/locked' } });
  });
  expect(await repository.store.list('data')).toEqual([]);
  expect(await listLocks(repository)).toEqual([]);
});

it('is cancelled at once while it renews its lock at a silent place', async () => {
  let slept = 0n;
  const repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => slept) });
  // The first lock is written; the answer to the second never comes.
  const silent: PlannedFault = { method: 'put', type: 'locks', call: 2, fault: { kind: 'hang' } };
  const { store } = faulty(repository.store, [silent]);
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  const cancel = new AbortController();
  const work = async (_: AbortSignal, locked: Repository): Promise<void> => {
    slept += FORTY_MINUTES;
    setTimeout(() => cancel.abort(), 50);
    await locked.store.put(name, bytes);
  };
  const held = withLock({ ...repository, store }, 'shared', work, { signal: cancel.signal });
  await expect(held).rejects.toBeInstanceOf(TriplicateError);
  expect(await repository.store.list('data')).toEqual([]);
  expect(await listLocks(repository)).toEqual([]);
});

it('writes nothing through a lock that was let go', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  const locked = await withLock(repository, 'shared', async (_, locked) => locked);
  await expect(locked.store.put(name, bytes)).rejects.toMatchObject({ code: 'internal' });
  expect(await repository.store.list('data')).toEqual([]);
});

it('reads no lock that is too large for one, and removes all unread when told to', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const place = join(scratch.path, 'repository', 'locks');
  await writeFile(join(place, 'a'.repeat(64)), '');
  await truncate(join(place, 'a'.repeat(64)), 2 ** 40);
  expect(await withLock(repository, 'exclusive', async () => 'done')).toBe('done');
  const denied: PlannedFault = {
    method: 'get',
    type: 'locks',
    fault: { kind: 'fail', error: new TriplicateError('store/denied', 'Denied.') },
  };
  await writeFile(join(place, 'b'.repeat(64)), 'unreadable');
  const { store } = faulty(repository.store, [denied]);
  await expect(unlock({ ...repository, store })).rejects.toMatchObject({ code: 'store/denied' });
  expect(await unlock({ ...repository, store: faulty(repository.store, [denied]).store }, 'all')).toBe(2);
  expect(await readdir(place)).toEqual([]);
});

it('outlives the signal that restic tests it with, under however many locks, and only as long as there is one', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const before = process.listenerCount('SIGHUP');
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  const locks = Array.from({ length: 12 }, () => takeLock(repository, 'shared'));
  await Promise.all(locks.map(({ held }) => held));
  process.kill(process.pid, 'SIGHUP');
  await expect(withLock(repository, 'exclusive', async () => undefined)).rejects.toMatchObject({ code: 'repo/locked' });
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  await Promise.all(locks.map((lock) => lock.release()));
  await wait(10);
  process.off('warning', warn);
  expect(process.listenerCount('SIGHUP')).toBe(before);
  expect(warnings).toEqual([]);
});

it('says who holds a lock without what would move the cursor of a terminal', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const owner = { hostname: '\u001b[2Jhost', username: 'user\n', pid: 1 };
  const lock = { time: { ns: repository.host.clock.now() }, exclusive: true, ...owner };
  await writeUnpacked(repository, 'locks', encodeLock(lock));
  const message = expect.stringContaining(String.raw`user\u{a}@\u{1b}[2Jhost`);
  await expect(withLock(repository, 'shared', async () => undefined)).rejects.toMatchObject({ message });
});

it('looks again when a lock goes while the locks are being read: it may have been renewed', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const other = takeLock({ ...repository, host: { ...repository.host, pid: 1 } }, 'exclusive');
  await other.held;
  const { store } = faulty(repository.store, []);
  let isFirst = true;
  const get: WriteStore['get'] = async (name, range, signal) => {
    if (!isFirst) return store.get(name, range, signal);
    isFirst = false;
    throw new TriplicateError('store/not-found', 'It was renewed, under another name.');
  };
  const refused = withLock({ ...repository, store: { ...store, get } }, 'shared', async () => undefined);
  await expect(refused).rejects.toMatchObject({ code: 'repo/locked' });
  await other.release();
});

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

it('leaves no lock where it is cancelled while the lock is on its way and arrives all the same', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const cancel = new AbortController();
  const put: WriteStore['put'] = async (name, bytes) => {
    await repository.store.put(name, bytes);
    cancel.abort();
    throw new TriplicateError('cancelled', 'Cancelled.');
  };
  const store = { ...farAway(repository.store, [], async () => undefined), put };
  const work = withLock({ ...repository, store }, 'exclusive', async () => 'done', { signal: cancel.signal });
  await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  expect(await listLocks(repository)).toEqual([]);
});

it('does not ask for the removal of a lock that was never to be put in place: the place may be silent', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const removed: FileName[] = [];
  const putAfter: WriteStore['putAfter'] = async (name, bytes, ready) => {
    await ready;
    await repository.store.put(name, bytes);
  };
  const remove: WriteStore['remove'] = async (name) => {
    removed.push(name);
  };
  const cancel = new AbortController();
  const list: WriteStore['list'] = async () => {
    cancel.abort();
    throw new TriplicateError('cancelled', 'Cancelled.');
  };
  const store = { ...readOnly(repository.store), putAfter, remove, list };
  const work = withLock({ ...repository, store }, 'shared', async () => 'done', { signal: cancel.signal });
  await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  expect(removed).toEqual([]);
});

it('does not wait long for a silent place to take a lock away once it is cancelled, and takes it away later', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  let isSilent = true;
  const remove: WriteStore['remove'] = (name, signal) =>
    isSilent
      ? new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))))
      : repository.store.remove(name, signal);
  const waited: number[] = [];
  const sleep: Repository['host']['clock']['sleep'] = async (milliseconds, signal) => {
    if (milliseconds >= 60_000) return repository.host.clock.sleep(milliseconds, signal);
    waited.push(milliseconds);
    return repository.host.clock.sleep(1, signal);
  };
  const host = { ...repository.host, clock: { ...repository.host.clock, sleep } };
  const far = { ...repository, host, store: { ...farAway(repository.store, [], async () => undefined), remove } };
  const cancel = new AbortController();
  const work = withLock(
    far,
    'exclusive',
    async () => {
      cancel.abort();
      throw new TriplicateError('cancelled', 'Cancelled.');
    },
    { signal: cancel.signal },
  );
  await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  expect(waited.at(-1)).toBe(10_000);
  expect(await listLocks(repository)).toHaveLength(1);
  isSilent = false;
  expect(await withLock(far, 'exclusive', async () => 'done')).toBe('done');
  expect(await listLocks(repository)).toEqual([]);
});

const always = (): boolean => true;
const never = (): boolean => false;

/** The repository at a place that may show late what others have stored. */
function shownLate(repository: Repository): Repository {
  return { ...repository, store: faulty(repository.store, []).store };
}

/** The repository on a machine whose locks settle when `settled` resolves. */
function settlingWith(repository: Repository, settled: Promise<void>): Repository {
  const sleep: Repository['host']['clock']['sleep'] = (milliseconds, signal) => {
    const ended = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => ended.reject(signal.reason));
    // A longer sleep is that before a lock is renewed.
    return milliseconds < 1000 ? Promise.race([settled, ended.promise]) : ended.promise;
  };
  return { ...shownLate(repository), host: { ...repository.host, clock: { ...repository.host.clock, sleep } } };
}

it('gives a reading that proves itself at once, any other and a failure when the lock is known to have held', async () => {
  const settled = Promise.withResolvers<void>();
  const repository = settlingWith(await newRepository(join(scratch.path, 'repository')), settled.promise);
  const locks = async (): Promise<number> => (await listLocks(repository)).length;
  const fail = async (): Promise<never> => {
    throw new Error('It is gone.');
  };
  expect(await withReadLock(repository, locks, { isProven: always })).toBe(1);
  expect(await locks()).toBe(0);
  const given: unknown[] = [];
  const doubtful = withReadLock(repository, async () => 'read', { isProven: never }).then((it) => given.push(it));
  const failing = withReadLock(repository, fail, { isProven: always }).catch(({ message }) => given.push(message));
  await wait(100);
  expect(given).toEqual([]);
  settled.resolve();
  await Promise.all([doubtful, failing]);
  expect(given.toSorted()).toEqual(['It is gone.', 'read']);
  expect(await locks()).toBe(0);
});

it('stops a reading when another lock turns up, and says that it was this', async () => {
  const settled = Promise.withResolvers<void>();
  const repository = await newRepository(join(scratch.path, 'repository'));
  const other = { ...repository, host: { ...repository.host, pid: 1 } };
  const settling = settlingWith(repository, settled.promise);
  const untilStopped = (signal: AbortSignal): Promise<string> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  const reading = async (signal: AbortSignal): Promise<string> => {
    // It locks although ours is there, as a program that saw nothing of it.
    await unlock(repository, 'all');
    otherLock = takeLock(other, 'exclusive');
    await otherLock.held;
    settled.resolve();
    return untilStopped(signal);
  };
  let otherLock: ReturnType<typeof takeLock> | undefined;
  await expect(withReadLock(settling, reading, { isProven: always })).rejects.toMatchObject({ code: 'repo/locked' });
  await expect(withReadLock(shownLate(repository), reading, { isProven: always })).rejects.toMatchObject({
    code: 'repo/locked',
  });
  await otherLock?.release();
  expect(await listLocks(repository)).toEqual([]);
});

it('reads without a lock where none can be written, when told so', async () => {
  const repository = await newRepository(join(scratch.path, 'repository'));
  const unwritable = { ...repository, store: readOnly(repository.store) };
  const work = async (): Promise<string> => 'read';
  await expect(withReadLock(unwritable, work, { isProven: always })).rejects.toMatchObject({ code: 'store/read-only' });
  const onUnwritable = (): void => undefined;
  expect(await withReadLock(unwritable, work, { isProven: always, onUnwritable })).toBe('read');
});
