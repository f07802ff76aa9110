import type { FileName, WriteStore } from './store.ts';

/** Puts an object once `ready` has resolved; its bytes travel ahead where the store can do that (see `WriteStore`). */
export async function putAfter(
  store: WriteStore,
  name: FileName,
  bytes: Uint8Array,
  ready: Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (store.putAfter) return store.putAfter(name, bytes, ready, signal);
  await ready;
  await store.put(name, bytes, signal);
}
