import { expect, it } from 'vitest';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { readOnly } from '../../../../main/engine/store/read-only-store.ts';
import { CONFIG_FILE } from '../../../../main/engine/store/store.ts';

it('gives everything and takes nothing', async () => {
  const inner = createMemoryStore();
  await inner.create();
  await inner.put(CONFIG_FILE, Buffer.from('config'));
  const store = readOnly(inner);
  expect(Buffer.from(await store.get(CONFIG_FILE)).toString()).toBe('config');
  expect(await store.list('config')).toHaveLength(1);
  for (const call of [
    () => store.create(),
    () => store.remove(CONFIG_FILE),
    () => store.put(CONFIG_FILE, Buffer.of(1)),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'store/read-only' });
  }
  expect(await inner.list('config')).toEqual([{ id: '', size: 6 }]);
});
