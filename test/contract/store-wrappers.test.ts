import { expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { cached } from '../../main/engine/store/cached-store.ts';
import { guarded } from '../../main/engine/store/guarded-store.ts';
import { limited } from '../../main/engine/store/limited-store.ts';
import { createMemoryStore } from '../../main/engine/store/memory-store.ts';
import { retrying } from '../../main/engine/store/retrying-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../main/engine/store/store.ts';
import { faulty } from '../support/faulty-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore, storedObject } from './store-suite.ts';

const host = { clock: systemClock, random: systemRandom };
const close = async () => undefined;

describeStore('retrying store', async () => ({ store: retrying(createMemoryStore(), host), close }));
describeStore('limited store', async () => ({
  store: limited(createMemoryStore(), { connections: 2, uploadBytesPerSecond: 1e9 }, systemClock),
  close,
}));
describeStore('guarded store that may', async () => ({
  store: guarded(createMemoryStore(), async () => undefined),
  close,
}));
describeStore('faulty store without faults', async () => ({ store: faulty(createMemoryStore(), []).store, close }));
describeStore('cached store', async () => {
  const folder = await temporaryFolder('cache');
  return { store: cached(createMemoryStore(), { folder: folder.path, random: systemRandom }), close: folder.remove };
});

it.each([
  ['retrying', (store: WriteStore) => retrying(store, host)],
  ['limited', (store: WriteStore) => limited(store, { connections: 1 }, systemClock)],
  ['guarded', (store: WriteStore) => guarded(store, async () => undefined)],
  ['cached', (store: WriteStore) => cached(store, { folder: '/nowhere', random: systemRandom })],
])('%s says of its listings what the store below says', async (_, wrap) => {
  const below = createMemoryStore();
  expect(wrap(below).showsAtOnce).toBeUndefined();
  for (const answer of [true, false]) {
    expect(await wrap(Object.assign(below, { showsAtOnce: async () => answer })).showsAtOnce?.()).toBe(answer);
  }
});

it('guarded changes nothing when it may not, and reads all the same', async () => {
  const below = createMemoryStore();
  await below.create();
  await below.put(CONFIG_FILE, Buffer.from('config'));
  const { name, bytes } = storedObject('data', Buffer.from('a pack'));
  await below.put(name, bytes);
  const other = storedObject('data', Buffer.from('another pack'));
  const refusal = new TriplicateError('repo/locked', 'The lock is lost.');
  const store = guarded(below, () => Promise.reject(refusal));
  const changes: readonly (() => Promise<void> | undefined)[] = [
    () => store.create(),
    () => store.put(other.name, other.bytes),
    () => store.putAfter?.(other.name, other.bytes, Promise.resolve()),
    () => store.replaceConfig(Buffer.from('other')),
    () => store.remove(name),
  ];
  for (const change of changes) await expect(change()).rejects.toBe(refusal);
  expect((await store.list('data')).map(({ id }) => id)).toEqual([name.id]);
  expect(Buffer.from(await store.get(CONFIG_FILE)).toString()).toBe('config');
});
