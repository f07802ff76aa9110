import { expect, it } from 'vitest';
import { openStore } from '../../../../main/app/open-store.ts';
import { systemClock } from '../../../../main/app/system.ts';
import { addKey, createRepository, openRepository, putConfigBack } from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { CHEAP_SCRYPT, newRepository, ownHost, PASSPHRASE } from '../../../support/engine.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

it.each(['store/corrupt', 'store/not-found'] as const)(
  'is opened by its second key when the first is %s',
  async (code) => {
    const scratch = await temporaryFolder('open-repository');
    try {
      const made = await newRepository(scratch.path);
      await addKey(made, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT });
      const error = new TriplicateError(code, 'The first key file cannot be read.');
      const place = await openStore(scratch.path, { clock: systemClock });
      const { store, assertAllFired } = faulty(place, [
        { method: 'get', type: 'keys', fault: { kind: 'fail', error } },
      ]);
      const opened = await openRepository(store, { passphrase: PASSPHRASE }, ownHost());
      expect(opened.config.id).toBe(made.config.id);
      assertAllFired();
    } finally {
      await scratch.remove();
    }
  },
);

/** A repository and a key file of another one with the same passphrase beside its own, listed first or last. */
async function besideAStrayKey(first: 'own' | 'stray') {
  const create = (store: WriteStore) =>
    createRepository(store, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT }, ownHost());
  const [place, elsewhere] = [createMemoryStore(), createMemoryStore()];
  const [made, other] = [await create(place), await create(elsewhere)];
  const stray = { type: 'keys', id: other.keyId } as const;
  await place.put(stray, await elsewhere.get(stray));
  const { store } = faulty(place, []);
  const list: typeof store.list = async (type, signal) => {
    const files = await store.list(type, signal);
    return first === 'stray' ? files.toReversed() : files;
  };
  return { place, store: { ...store, list }, made };
}

it.each(['own', 'stray'] as const)(
  'is opened by its own key beside one of the same passphrase (%s first)',
  async (first) => {
    const { place, store, made } = await besideAStrayKey(first);
    const opened = await openRepository(store, { passphrase: PASSPHRASE }, ownHost());
    expect([opened.config, opened.keyId]).toEqual([made.config, made.keyId]);
    const config = await place.get(CONFIG_FILE);
    await place.remove(CONFIG_FILE);
    await putConfigBack(store, config, { passphrase: PASSPHRASE });
    expect(await place.get(CONFIG_FILE)).toEqual(config);
  },
);

it('names the config when keys fit the passphrase and none of them opens it', async () => {
  const { place, store } = await besideAStrayKey('own');
  await place.replaceConfig(Buffer.alloc(100));
  await expect(openRepository(store, { passphrase: PASSPHRASE }, ownHost())).rejects.toMatchObject({
    code: 'repo/damaged',
    message: expect.stringContaining('config'),
  });
});
