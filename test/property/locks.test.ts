import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { systemHost } from '../../main/app/engine-host.ts';
import { createRepository, type Repository } from '../../main/engine/engine.ts';
import { hasCode } from '../../main/engine/errors.ts';
import { type LockMode, listLocks, takeLock } from '../../main/engine/repository/locks.ts';
import { createMemoryStore } from '../../main/engine/store/memory-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../main/engine/store/store.ts';
import { CHEAP_SCRYPT, PASSPHRASE } from '../support/engine.ts';

/** A program that wants the lock: one that knows that listings are up to date, or one that waits as restic does. */
interface Program {
  readonly mode: LockMode;
  readonly waits: boolean;
}

const programs = fc.array(fc.record<Program>({ mode: fc.constantFrom('shared', 'exclusive'), waits: fc.boolean() }), {
  minLength: 2,
  maxLength: 4,
});

let made: Repository;
beforeAll(async () => {
  const secret = { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT };
  made = await createRepository(createMemoryStore(), secret, systemHost());
});

it('lets nobody hold a lock beside one that excludes it, whoever is quick or slow, where listings are up to date', async () => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(programs, fc.scheduler(), async (wanted, scheduler) => {
      const store = createMemoryStore();
      await store.create();
      await store.put(CONFIG_FILE, Buffer.from('config'));
      const holders = new Set<Program>();
      const take = async (program: Program, number: number): Promise<void> => {
        const lock = takeLock(repositoryOf(program, number, store, scheduler), program.mode);
        try {
          await lock.held;
          for (const { mode } of holders) expect([mode, program.mode]).toEqual(['shared', 'shared']);
          held++;
          holders.add(program);
          await scheduler.schedule(Promise.resolve());
          holders.delete(program);
        } catch (error) {
          if (!hasCode(error, 'repo/locked')) throw error;
        } finally {
          await lock.release();
        }
      };
      await scheduler.waitFor(Promise.all(wanted.map(take)));
      expect(await listLocks({ ...made, store })).toEqual([]);
    }),
    { numRuns: 400 },
  );
  expect(held).toBeGreaterThan(400);
});

/** The repository as a process of its own sees it: any of its calls may take as long as several of another's. */
function repositoryOf({ waits }: Program, number: number, store: WriteStore, scheduler: fc.Scheduler): Repository {
  const later = async <T>(work: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve());
    const result = await work();
    await scheduler.schedule(Promise.resolve());
    return result;
  };
  const slow: WriteStore = {
    location: store.location,
    capabilities: store.capabilities,
    list: (type) => later(() => store.list(type)),
    get: (name) => later(() => store.get(name)),
    put: (name, bytes) => later(() => store.put(name, bytes)),
    remove: (name) => later(() => store.remove(name)),
    replaceConfig: (bytes) => store.replaceConfig(bytes),
    create: () => store.create(),
    stat: () => store.stat(),
    close: async () => undefined,
    ...(waits ? {} : { showsAtOnce: async () => true }),
  };
  const { host } = made;
  const sleep: typeof host.clock.sleep = (milliseconds, signal) =>
    milliseconds < 1000
      ? later(async () => undefined)
      : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const process = { pid: 1000 + number, processExists: () => true, clock: { ...host.clock, sleep } };
  return { ...made, store: slow, host: { ...host, ...process } };
}
