import { hasCode } from '../errors.ts';
import type { FileName, FileType, WriteStore } from './store.ts';

/** Files that say of others that they are there. */
const NAMING: ReadonlySet<FileType> = new Set(['index', 'snapshots']);

/**
 * A store that is asked before each change whether it may still be made: nothing is stored, replaced or removed when
 * `assertAllowed` rejects, which is what the call then rejects with. Bytes that travel ahead are asked about when it is their turn.
 * What was stored is asked about once more: an upload takes its time, and whoever goes on relies on it. An index file or a snapshot
 * that was on its way when the lock was lost is taken back: what it names may be gone.
 */
export function guarded(store: WriteStore, assertAllowed: () => Promise<void>): WriteStore {
  const { putAfter, showsAtOnce } = store;
  const assertStillAllowed = async (name: FileName): Promise<void> => {
    try {
      await assertAllowed();
    } catch (error) {
      if (NAMING.has(name.type) && hasCode(error, 'repo/locked')) await store.remove(name).catch(() => undefined);
      throw error;
    }
  };
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
      await assertStillAllowed(name);
    },
    ...(putAfter && {
      async putAfter(name, bytes, ready, signal) {
        const turn = ready.then(assertAllowed);
        turn.catch(() => undefined);
        await putAfter.call(store, name, bytes, turn, signal);
        await assertStillAllowed(name);
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
