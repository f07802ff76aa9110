/**
 * Repairs in a process of its own that kills itself, as `kill -9` would, just before the n-th change that it makes at the
 * place: `node run-repair.ts index|packs LOCATION N [OTHER]`. Locks are not counted.
 */
import { repairIndex, repairPacks } from '../../main/engine/engine.ts';
import type { FileName } from '../../main/engine/store/store.ts';
import { reopen } from './engine.ts';

const [verb = '', location = '', last = '0', other] = process.argv.slice(2);
const opened = await reopen(location);
const { store } = opened;
let changes = 0;
const count = (name: FileName): void => {
  if (name.type !== 'locks' && ++changes === Number(last)) process.kill(process.pid, 'SIGKILL');
};
const repository = {
  ...opened,
  store: Object.assign(Object.create(store) as typeof store, {
    list: store.list.bind(store),
    get: store.get.bind(store),
    put: async (...parts: Parameters<typeof store.put>) => {
      count(parts[0]);
      await store.put(...parts);
    },
    remove: async (...parts: Parameters<typeof store.remove>) => {
      count(parts[0]);
      await store.remove(...parts);
    },
  }),
};
if (verb === 'index') await repairIndex({ repository });
else await repairPacks({ repository, others: other ? [await reopen(other)] : [] });
process.stdout.write('done\n');
