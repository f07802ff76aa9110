import type { WriteStore } from './store.ts';

/**
 * A store that is asked before each change whether it may still be made: nothing is stored, replaced or removed when
 * `assertAllowed` rejects, which is what the call then rejects with. Bytes that travel ahead are asked about when it is their turn.
 */
export function guarded(store: WriteStore, assertAllowed: () => Promise<void>): WriteStore {
  const { putAfter, showsAtOnce } = store;
  return {
    location: store.location,
    capabilities: store.capabilities,
    list: (type, signal) => store.list(type, signal),
    get: (name, range, signal) => store.get(name, range, signal),
    stat: (signal) => store.stat(signal),
    close: () => store.close(),
    async create(signal) {
      await assertAllowed();
      await store.create(signal);
    },
    async put(name, bytes, signal) {
      await assertAllowed();
      await store.put(name, bytes, signal);
    },
    ...(putAfter && {
      putAfter: (name, bytes, ready, signal) => {
        const turn = ready.then(assertAllowed);
        turn.catch(() => undefined);
        return putAfter.call(store, name, bytes, turn, signal);
      },
    }),
    ...(showsAtOnce && { showsAtOnce: () => showsAtOnce.call(store) }),
    async replaceConfig(bytes, signal) {
      await assertAllowed();
      await store.replaceConfig(bytes, signal);
    },
    async remove(name, signal) {
      await assertAllowed();
      await store.remove(name, signal);
    },
  };
}
