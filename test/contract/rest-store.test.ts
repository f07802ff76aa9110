import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { createHttpTransport } from '../../main/engine/store/http-transport.ts';
import { openRestStore } from '../../main/engine/store/rest-store.ts';
import { startRestServer } from '../support/rest-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store-suite.ts';

describeStore('REST store', async () => {
  const folder = await temporaryFolder('rest');
  const server = await startRestServer(folder.path);
  const store = openRestStore({
    location: 'rest:loopback',
    transport: createHttpTransport(new URL(`${server.url()}some/repo/`)),
    clock: systemClock,
    random: systemRandom,
  });
  return {
    store,
    async plant(path, bytes) {
      const target = join(folder.path, 'some/repo', path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes);
    },
    async close() {
      await store.close();
      await server.close();
      await folder.remove();
    },
  };
});
