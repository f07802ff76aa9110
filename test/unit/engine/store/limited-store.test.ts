import { expect, it } from 'vitest';
import { limited } from '../../../../main/engine/store/limited-store.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { fakeClock } from '../../../support/fake-clock.ts';

async function repository(): Promise<WriteStore> {
  const store = createMemoryStore();
  await store.create();
  await store.put(CONFIG_FILE, Buffer.from('config'));
  return store;
}
const name = (digit: string) => ({ type: 'data', id: digit.repeat(64) }) as const;

it('takes as long as the bytes need at the given rate, in both directions', async () => {
  const clock = fakeClock();
  const limits = { uploadBytesPerSecond: 1000, downloadBytesPerSecond: 500 };
  const store = limited(await repository(), limits, clock);
  await store.put(name('a'), Buffer.alloc(3000));
  await store.put(name('b'), Buffer.alloc(1000));
  expect(clock.slept).toEqual([3000, 1000]);
  // The second before was not used.
  await store.get(name('a'));
  expect(clock.slept.at(-1)).toBe(5000);
});

it('counts the time that a transfer takes by itself, and what was not used of the last second', async () => {
  const clock = fakeClock();
  const inner = await repository();
  const slow: WriteStore = {
    ...inner,
    location: 'x',
    capabilities: { connections: 8, remote: true },
    put: async (target, bytes) => {
      clock.advance(bytes.length / 2);
      await inner.put(target, bytes);
    },
    get: async (target, range) => {
      clock.advance(500);
      return inner.get(target, range);
    },
  };
  const store = limited(slow, { uploadBytesPerSecond: 1000, downloadBytesPerSecond: 1000 }, clock);
  await store.put(name('a'), Buffer.alloc(4000));
  expect(clock.slept).toEqual([2000]);
  // The caller took 800 ms to prepare the next one, which takes 500 ms by itself.
  clock.advance(800);
  await store.put(name('b'), Buffer.alloc(1000));
  expect(clock.slept).toEqual([2000]);
  // Long after the last transfer no more than a second is given.
  clock.advance(60_000);
  await store.get(name('a'));
  await store.get(name('a'), { offset: 0, length: 2000 });
  expect(clock.slept).toEqual([2000, 2500, 1500]);
});

it('does not wait for the clock that was put back', async () => {
  const clock = fakeClock();
  const store = limited(await repository(), { uploadBytesPerSecond: 1000 }, clock);
  await store.put(name('a'), Buffer.alloc(1000));
  clock.advance(-3_600_000);
  await store.put(name('b'), Buffer.alloc(1000));
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(3000);
});

it('lets a lock pass the packs that wait: it would be old when it arrives', async () => {
  const clock = fakeClock();
  const store = limited(await repository(), { uploadBytesPerSecond: 1 }, clock);
  await store.put({ type: 'locks', id: 'a'.repeat(64) }, Buffer.alloc(140));
  expect(clock.slept).toEqual([]);
});

it('lets no more calls through at once than it may, and all of them in the end', async () => {
  const inner = await repository();
  let running = 0;
  let most = 0;
  const counting: WriteStore = {
    ...inner,
    location: 'x',
    capabilities: { connections: 8, remote: false },
    put: async (target, bytes) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      await inner.put(target, bytes);
    },
  };
  const store = limited(counting, { connections: 2 }, fakeClock());
  expect(store.capabilities.connections).toBe(2);
  await Promise.all([...'0123456789'].map((digit) => store.put(name(digit), Buffer.from(digit))));
  expect(most).toBe(2);
  expect(await inner.list('data')).toHaveLength(10);
});
