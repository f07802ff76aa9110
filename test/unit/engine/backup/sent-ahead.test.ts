import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { backup, check, listSnapshots, loadIndex, type Repository } from '../../../../main/engine/engine.ts';
import { TriplicateError, throwIfCancelled } from '../../../../main/engine/errors.ts';
import { withLock } from '../../../../main/engine/repository/locks.ts';
import type { FileName, WriteStore } from '../../../../main/engine/store/store.ts';
import { newRepository } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** What travels ahead of its turn (`WriteStore.putAfter`): the order in which it counts, and what is left when it never does. */

let scratch: TemporaryFolder;
let repository: Repository;
let events: string[];
beforeEach(async () => {
  scratch = await temporaryFolder('sent-ahead');
  await mkdir(join(scratch.path, 'source'));
  for (const name of ['one', 'two']) await writeFile(join(scratch.path, 'source', name), randomBytes(3_000_000));
  repository = await newRepository(join(scratch.path, 'repository'));
  events = [];
});
afterEach(() => scratch.remove());

/** The repository at a place that takes bytes ahead. `named` is called before something gets its name. */
function far(named: (name: FileName) => Promise<void> = async () => undefined): Repository {
  const { store } = repository;
  const far: WriteStore = {
    location: store.location,
    capabilities: { connections: 5, remote: true },
    list: (type, signal) => store.list(type, signal),
    get: (name, range, signal) => store.get(name, range, signal),
    stat: (signal) => store.stat(signal),
    close: () => store.close(),
    create: (signal) => store.create(signal),
    replaceConfig: (bytes, signal) => store.replaceConfig(bytes, signal),
    remove: (name, signal) => store.remove(name, signal),
    put: async (name, bytes, signal) => {
      await named(name);
      await store.put(name, bytes, signal);
      events.push(`put ${name.type}`);
    },
    putAfter: async (name, bytes, ready, signal) => {
      events.push(`sent ${name.type}`);
      try {
        await ready;
        await named(name);
      } catch (error) {
        events.push(`took back ${name.type}`);
        throw error;
      }
      await store.put(name, bytes, signal);
      events.push(`named ${name.type}`);
    },
  };
  return { ...repository, store: far };
}

const run = (to: Repository, signal?: AbortSignal) =>
  backup({
    destinations: [{ repository: to }],
    paths: [join(scratch.path, 'source')],
    workingDirectory: '/',
    ...(signal ? { signal } : {}),
  });

it('sends index and snapshot while the last packs travel, and lets them count after those, one after the other', async () => {
  const sent = Promise.withResolvers<void>();
  const to = far(async ({ type }) => {
    // A pack that is slow: it is there only when all else has been sent.
    if (type === 'data') await sent.promise;
  });
  const push = events.push.bind(events);
  events.push = (event: string) => {
    if (event === 'sent snapshots') sent.resolve();
    return push(event);
  };
  const report = await run(to);
  expect(report.results[0]?.error).toBeUndefined();
  const named = events.filter((event) => /^named (data|index|snapshots)/.test(event));
  expect(named.length).toBeGreaterThan(2);
  expect(named.slice(-2)).toEqual(['named index', 'named snapshots']);
  expect(named.slice(0, -2).every((event) => event === 'named data')).toBe(true);
  expect(events.indexOf('sent snapshots')).toBeLessThan(events.indexOf('named data'));
  expect((await check({ repository, read: 'data' })).result).toBe('good');
  // The index that the run leaves is the one that is stored.
  const { indexIds } = await loadIndex(repository);
  expect(report.results[0]?.index?.indexIds).toEqual(indexIds);
  expect(report.results[0]?.index?.index.blobCount).toBe((await loadIndex(repository)).index.blobCount);
  expect(await run(to)).toMatchObject({ filesUnchanged: 2, bytesRead: 0 });
});

it('takes both back when a pack does not arrive', async () => {
  const full = new TriplicateError('store/full', 'The place is full.');
  const to = far(async ({ type }) => {
    if (type === 'data') throw full;
  });
  await expect(run(to)).rejects.toMatchObject({ code: 'store/full' });
  expect(events.filter((event) => event.startsWith('named'))).toEqual(['named locks']);
  const taken = (type: string) => events.filter((event) => event === `took back ${type}`).length;
  const sent = (type: string) => events.filter((event) => event === `sent ${type}`).length;
  expect([taken('index'), taken('snapshots')]).toEqual([sent('index'), sent('snapshots')]);
  expect((await listSnapshots(repository)).snapshots).toEqual([]);
  expect(await repository.store.list('index')).toEqual([]);
  expect(await repository.store.list('locks')).toEqual([]);
});

it('takes the snapshot back when the index does not arrive', async () => {
  const to = far(async ({ type }) => {
    if (type === 'index') throw new TriplicateError('store/full', 'The place is full.');
  });
  await expect(run(to)).rejects.toMatchObject({ code: 'store/full' });
  expect(events).toContain('took back snapshots');
  expect(await repository.store.list('snapshots')).toEqual([]);
  expect(await repository.store.list('index')).toEqual([]);
});

it('leaves neither in place when it is cancelled with all sent ahead, and the next run finishes', async () => {
  const cancel = new AbortController();
  let packs = 0;
  const to = far(async ({ type }) => {
    if (type !== 'data' || ++packs === 1) return;
    await vi.waitUntil(() => events.includes('named data'));
    cancel.abort();
  });
  await expect(run(to, cancel.signal)).rejects.toMatchObject({ code: 'cancelled' });
  expect(await repository.store.list('snapshots')).toEqual([]);
  expect(await repository.store.list('locks')).toEqual([]);
  expect(events).toContain('took back snapshots');
  expect((await run(far())).results[0]?.error).toBeUndefined();
  expect((await check({ repository, read: 'data' })).result).toBe('good');
});

it('sends a lock ahead while it looks for others, and takes it back when there is one', async () => {
  await withLock(repository, 'exclusive', async () => {
    await expect(run(far())).rejects.toMatchObject({ code: 'repo/locked' });
  });
  expect(events.filter((event) => event.endsWith('locks'))).toEqual(['sent locks', 'took back locks']);
  expect(events.filter((event) => event.startsWith('named'))).toEqual([]);
  expect(await repository.store.list('locks')).toEqual([]);
});

/** `far`, whose `putAfter` is another. */
function farWith(putAfter: NonNullable<WriteStore['putAfter']>, changes: Partial<Repository> = {}): Repository {
  const place = far();
  return { ...place, ...changes, store: { ...place.store, putAfter } };
}

it('gives the snapshot no name when the lock is lost while it travels', async () => {
  const { store, host } = repository;
  const travelled = Promise.withResolvers<void>();
  const dying = Promise.withResolvers<void>();
  let renewals = 0;
  const to = farWith(
    async (name, bytes, ready, signal) => {
      if (name.type === 'locks' && events.includes('named locks')) {
        renewals++;
        throw new TriplicateError('store/full', 'The place is full.');
      }
      if (name.type === 'snapshots') await travelled.promise;
      await ready;
      throwIfCancelled(signal);
      await store.put(name, bytes, signal);
      events.push(`named ${name.type}`);
    },
    {
      host: {
        ...host,
        clock: {
          now: host.clock.now,
          // The lock's pauses are over when the test says so.
          sleep: (ms, signal) =>
            ms < 60_000 ? host.clock.sleep(ms, signal) : Promise.race([dying.promise, abortOf(signal)]),
        },
      },
    },
  );
  const running = run(to);
  running.catch(() => undefined);
  await vi.waitUntil(() => events.includes('named index'), 10_000);
  dying.resolve();
  await vi.waitUntil(() => renewals === 5);
  travelled.resolve();
  await expect(running).rejects.toMatchObject({ code: 'repo/locked' });
  expect(await store.list('snapshots')).toEqual([]);
});

function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

/** A disk of its own beside the far place. */
async function besideDisk(to: Repository) {
  const { chunkerPolynomial } = repository.config;
  const disk = await newRepository(join(scratch.path, 'disk'), { chunkerPolynomial });
  const destinations = [{ repository: to }, { repository: disk }];
  return { disk, running: backup({ destinations, paths: [join(scratch.path, 'source')], workingDirectory: '/' }) };
}

it.each(['full', 'locked'])(
  'holds up no other destination while one that is %s is still asked for its packs',
  async (how) => {
    await run(repository);
    await writeFile(join(scratch.path, 'source', 'three'), randomBytes(3_000_000));
    const { store } = repository;
    const place = farWith(async (name, bytes, ready, signal) => {
      if (name.type === 'data' && how === 'full') throw new TriplicateError('store/full', 'The place is full.');
      await ready;
      await store.put(name, bytes, signal);
    });
    const answer = Promise.withResolvers<void>();
    const to: Repository = {
      ...place,
      store: {
        ...place.store,
        list: async (type, signal) => {
          if (type === 'data') await answer.promise;
          if (type === 'locks' && how === 'locked' && (await store.list('locks', signal)).length > 0)
            throw new TriplicateError('store/unreachable', 'The place has gone.');
          return store.list(type, signal);
        },
      },
    };
    const { disk, running } = await besideDisk(to);
    const { results } = await running;
    expect(results[0]?.error?.code).toBe(how === 'full' ? 'store/full' : 'store/unreachable');
    expect(results[1]?.error).toBeUndefined();
    expect((await check({ repository: disk, read: 'data' })).result).toBe('good');
    expect((await listSnapshots(repository)).snapshots).toHaveLength(1);
    answer.resolve();
  },
);

it('does not wait for what travels ahead to a place that has failed', async () => {
  const { store } = repository;
  const gone = new Set<string>();
  const to = farWith(async (name, bytes, ready, signal) => {
    if (name.type === 'index' || name.type === 'snapshots') {
      gone.add(name.type);
      await abortOf(signal);
    }
    if (name.type === 'data') {
      await vi.waitUntil(() => gone.size === 2, 10_000);
      throw new TriplicateError('store/unreachable', 'The place has gone.');
    }
    await ready;
    await store.put(name, bytes, signal);
  });
  const { disk, running } = await besideDisk(to);
  const { results } = await running;
  expect(results.map(({ error }) => error?.code)).toEqual(['store/unreachable', undefined]);
  expect((await check({ repository: disk, read: 'data' })).result).toBe('good');
});

it('does not wait for packs on their way to a place that has failed', async () => {
  const { store } = repository;
  let packs = 0;
  const to = farWith(async (name, bytes, ready, signal) => {
    await ready;
    if (name.type === 'data' && ++packs > 1) throw new TriplicateError('store/full', 'The place is full.');
    if (name.type === 'data') await abortOf(signal);
    await store.put(name, bytes, signal);
  });
  const { disk, running } = await besideDisk(to);
  const { results } = await running;
  expect(results.map(({ error }) => error?.code)).toEqual(['store/full', undefined]);
  expect((await check({ repository: disk, read: 'data' })).result).toBe('good');
});

it('names what another destination has stored before the run begins anew because of lost packs', async () => {
  // Before the first run, so that the far place lacks nothing in the second.
  const { chunkerPolynomial } = repository.config;
  const other = await newRepository(join(scratch.path, 'disk'), { chunkerPolynomial });
  await run(repository);
  const { store } = repository;
  const [lost] = await store.list('data');
  await store.remove({ type: 'data', id: lost?.id ?? '' });
  const place = far();
  const disk = { stored: false };
  const to: Repository = {
    ...place,
    store: {
      ...place.store,
      // The answer comes when all else is done.
      list: async (type, signal) => {
        if (type === 'data') await vi.waitUntil(() => disk.stored, 10_000);
        return store.list(type, signal);
      },
    },
  };
  const counted: Repository = {
    ...other,
    store: {
      location: other.store.location,
      capabilities: other.store.capabilities,
      list: (type, signal) => other.store.list(type, signal),
      get: (name, range, signal) => other.store.get(name, range, signal),
      stat: (signal) => other.store.stat(signal),
      close: () => other.store.close(),
      create: (signal) => other.store.create(signal),
      replaceConfig: (bytes, signal) => other.store.replaceConfig(bytes, signal),
      remove: (name, signal) => other.store.remove(name, signal),
      put: async (name, bytes, signal) => {
        await other.store.put(name, bytes, signal);
        const isLast = name.type === 'data' && (await other.store.list('data')).length >= 2;
        if (isLast) setTimeout(() => (disk.stored = true), 300);
      },
    },
  };
  const report = await backup({
    destinations: [{ repository: to }, { repository: counted }],
    paths: [join(scratch.path, 'source')],
    workingDirectory: '/',
  });
  expect(report.results[0]?.damagedParts).toBe(1);
  expect(report.results.map(({ error }) => error)).toEqual([undefined, undefined]);
  const { index } = await loadIndex(other);
  expect([...index.packFileSizes().keys()].sort()).toEqual((await other.store.list('data')).map(({ id }) => id).sort());
});
