import { expect, it } from 'vitest';
import { type ErrorCode, TriplicateError } from '../../../../main/engine/errors.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { retrying } from '../../../../main/engine/store/retrying-store.ts';
import { CONFIG_FILE } from '../../../../main/engine/store/store.ts';
import { fakeClock } from '../../../support/fake-clock.ts';
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
