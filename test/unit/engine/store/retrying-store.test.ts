import { expect, it } from 'vitest';
import { type ErrorCode, TriplicateError } from '../../../../main/engine/errors.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { retrying } from '../../../../main/engine/store/retrying-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts';
import { faulty, type PlannedFault } from '../../../support/faulty-store.ts';

const error = (code: ErrorCode) => new TriplicateError(code, 'planned');
const half = (length: number) => new Uint8Array(length).fill(255);

async function setUp(plan: readonly PlannedFault[]) {
  const memory = createMemoryStore();
  await memory.create();
  await memory.put(CONFIG_FILE, Buffer.from('config'));
  const faults = faulty(memory, plan);
  const clock = fakeClock();
  return { memory, faults, clock, store: retrying(faults.store, { clock, random: half }) };
}

it('tries again with growing delays until it works', async () => {
  const fault = { kind: 'fail', error: error('rclone/failed') } as const;
  const { faults, clock, store } = await setUp([{ method: 'get', times: 4, fault }]);
  expect(Buffer.from(await store.get(CONFIG_FILE)).toString()).toBe('config');
  faults.assertAllFired();
  expect(clock.slept).toEqual([200, 400, 800, 1600]);
});

it('gives a place that does not answer up sooner than one that stumbles, and passes its error on', async () => {
  const spent = async (code: ErrorCode) => {
    const { clock, store } = await setUp([
      { method: 'list', times: 1000, fault: { kind: 'fail', error: error(code) } },
    ]);
    await expect(store.list('data')).rejects.toMatchObject({ code });
    return clock.slept.reduce((sum, ms) => sum + ms, 0);
  };
  const away = await spent('store/unreachable');
  const stumbling = await spent('rclone/failed');
  expect(away).toBeGreaterThan(5_000);
  expect(away).toBeLessThanOrEqual(15_000);
  expect(stumbling).toBeGreaterThan(60_000);
  expect(stumbling).toBeLessThanOrEqual(120_000);
});

it.each(['store/denied', 'store/full', 'store/not-found', 'cancelled'] as const)(
  'does not try %s again',
  async (code) => {
    const { faults, clock, store } = await setUp([{ method: 'get', fault: { kind: 'fail', error: error(code) } }]);
    await expect(store.get(CONFIG_FILE)).rejects.toMatchObject({ code });
    expect(faults.calls('get')).toBe(1);
    expect(clock.slept).toEqual([]);
  },
);

it('takes a removal whose answer was lost for done', async () => {
  const name = { type: 'locks', id: 'a'.repeat(64) } as const;
  const { memory, faults, store } = await setUp([
    { method: 'remove', fault: { kind: 'fail-after', error: error('store/unreachable') } },
  ]);
  await memory.put(name, Buffer.from('lock'));
  await store.remove(name);
  faults.assertAllFired();
  expect(await memory.list('locks')).toEqual([]);
});

it('begins to lose patience with what travels ahead only when that is ready', async () => {
  const name = { type: 'index', id: 'b'.repeat(64) } as const;
  const fault = { kind: 'fail', error: error('store/unreachable') } as const;
  const { memory, faults, clock, store } = await setUp([{ method: 'put', times: 3, fault }]);
  const ready = Promise.withResolvers<void>();
  const stored = store.putAfter?.(name, Buffer.from('index'), ready.promise);
  await clock.sleep(3_600_000);
  ready.resolve();
  await stored;
  faults.assertAllFired();
  expect(await memory.list('index')).toHaveLength(1);
});

it('gives up at once what travelled ahead for nothing', async () => {
  const name = { type: 'index', id: 'b'.repeat(64) } as const;
  const { memory, clock, store } = await setUp([]);
  const stored = store.putAfter?.(name, Buffer.from('index'), Promise.reject(error('cancelled')));
  await expect(stored).rejects.toMatchObject({ code: 'cancelled' });
  expect(clock.slept).toEqual([]);
  expect(await memory.list('index')).toEqual([]);
});

/** A store whose uploads fail before they wait, and how often they were begun; `onUpload` gets the number of each. */
async function failingAhead(onUpload: (attempt: number, clock: FakeClock) => void) {
  const { memory } = await setUp([]);
  const clock = fakeClock();
  const uploads = { begun: 0 };
  const place: WriteStore = Object.assign(Object.create(memory), {
    putAfter: async () => {
      onUpload(++uploads.begun, clock);
      throw error('store/unreachable');
    },
  });
  return { clock, uploads, store: retrying(place, { clock, random: half }) };
}

it('tries an upload again for as long as it could not count yet, and then for as long as any', async () => {
  const name = { type: 'index', id: 'b'.repeat(64) } as const;
  const ready = Promise.withResolvers<void>();
  let readyAt = 0n;
  const { clock, uploads, store } = await failingAhead((attempt, { now }) => {
    if (attempt !== 50) return;
    readyAt = now();
    ready.resolve();
  });
  const stored = store.putAfter?.(name, Buffer.from('index'), ready.promise);
  await expect(stored).rejects.toMatchObject({ code: 'store/unreachable' });
  expect(uploads.begun).toBeGreaterThan(53);
  const patientMs = Number(clock.now() - readyAt) / 1e6;
  expect(patientMs).toBeGreaterThan(5_000);
  expect(patientMs).toBeLessThanOrEqual(15_000);
});

it('tries no upload again that would be in vain', async () => {
  const name = { type: 'index', id: 'b'.repeat(64) } as const;
  const ready = Promise.withResolvers<void>();
  const { uploads, store } = await failingAhead((attempt) => {
    if (attempt === 3) ready.reject(error('cancelled'));
  });
  await expect(store.putAfter?.(name, Buffer.from('index'), ready.promise)).rejects.toMatchObject({
    code: 'store/unreachable',
  });
  expect(uploads.begun).toBe(3);
});

it('stops when cancelled between two attempts', async () => {
  const abort = new AbortController();
  const fault = { kind: 'fail', error: error('store/unreachable') } as const;
  const { faults, clock, store } = await setUp([{ method: 'get', times: 3, fault }]);
  const sleep = clock.sleep;
  clock.sleep = (ms, signal) => {
    if (faults.calls('get') === 2) abort.abort();
    return sleep(ms, signal);
  };
  await expect(store.get(CONFIG_FILE, undefined, abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
  expect(faults.calls('get')).toBe(2);
});
