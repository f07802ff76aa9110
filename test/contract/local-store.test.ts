import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { openLocalStore } from '../../main/engine/store/local-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store-suite.ts';

describeStore('local store', async () => {
  const folder = await temporaryFolder('local');
  const root = join(folder.path, 'repo with spaces é');
  return {
    store: openLocalStore(root, { clock: systemClock, random: systemRandom }),
    async plant(path, bytes) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), bytes);
    },
    close: folder.remove,
  };
});
