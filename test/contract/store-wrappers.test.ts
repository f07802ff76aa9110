import { systemClock, systemRandom } from '../../main/app/system.ts';
import { cached } from '../../main/engine/store/cached-store.ts';
import { limited } from '../../main/engine/store/limited-store.ts';
import { createMemoryStore } from '../../main/engine/store/memory-store.ts';
import { retrying } from '../../main/engine/store/retrying-store.ts';
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
