import { expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { cached } from '../../main/engine/store/cached-store.ts';
import { limited } from '../../main/engine/store/limited-store.ts';
import { createMemoryStore } from '../../main/engine/store/memory-store.ts';
import { retrying } from '../../main/engine/store/retrying-store.ts';
import type { WriteStore } from '../../main/engine/store/store.ts';
import { faulty } from '../support/faulty-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store-suite.ts';

const host = { clock: systemClock, random: systemRandom };
const close = async () => undefined;

describeStore('retrying store', async () => ({ store: retrying(createMemoryStore(), host), close }));
describeStore('limited store', async () => ({
  store: limited(createMemoryStore(), { connections: 2, uploadBytesPerSecond: 1e9 }, systemClock),
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
  ['cached', (store: WriteStore) => cached(store, { folder: '/nowhere', random: systemRandom })],
])('%s says of its listings what the store below says', async (_, wrap) => {
  const below = createMemoryStore();
  expect(wrap(below).showsAtOnce).toBeUndefined();
  for (const answer of [true, false]) {
    expect(await wrap(Object.assign(below, { showsAtOnce: async () => answer })).showsAtOnce?.()).toBe(answer);
  }
});
