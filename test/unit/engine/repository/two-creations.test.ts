import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../../../main/app/system.ts';
import { createRepository, openRepository } from '../../../../main/engine/engine.ts';
import { parseConfig } from '../../../../main/engine/format/config.ts';
import { open } from '../../../../main/engine/format/crypto.ts';
import { openKeyFile } from '../../../../main/engine/format/key-file.ts';
import { sealConfig } from '../../../../main/engine/repository/repository.ts';
import { openLocalStore } from '../../../../main/engine/store/local-store.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { openRestStore } from '../../../../main/engine/store/rest-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { CHEAP_SCRYPT, ownHost, PASSPHRASE } from '../../../support/engine.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const make = (store: WriteStore) =>
  createRepository(store, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT }, ownHost());

/** Both are made at the same moment: one of them is there afterwards, whole, and the other one says that it is. */
async function expectOneOf(openStore: () => WriteStore): Promise<void> {
  const outcomes = await Promise.allSettled([make(openStore()), make(openStore())]);
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  expect(made).toHaveLength(1);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'repo/exists' } });
  const opened = await openRepository(openStore(), { passphrase: PASSPHRASE }, ownHost());
  expect(opened.config).toEqual(made[0]?.config);
  expect(await opened.store.list('keys')).toEqual([expect.objectContaining({ id: opened.keyId })]);
}

it('makes only one of two that are made in a folder at the same moment', async () => {
  const scratch = await temporaryFolder('two-creations');
  try {
    for (let round = 0; round < 8; round++) {
      const path = join(scratch.path, `${round}`);
      await expectOneOf(() => openLocalStore(path, { clock: systemClock, random: systemRandom }));
    }
  } finally {
    await scratch.remove();
  }
});

/** As rest-server: what is there is never overwritten. */
function restServer(): () => WriteStore {
  const files = new Map<string, Uint8Array>();
  const answer = (status: number, body: Uint8Array = new Uint8Array(0)) => ({ status, body, length: body.length });
  const request = async (asked: { method: string; path: string; body?: Uint8Array }) => {
    await new Promise((resolve) => setImmediate(resolve));
    const { method, path, body = new Uint8Array(0) } = asked;
    if (method === 'POST' && (path === '/' || path.startsWith('/?'))) return answer(200);
    if (method === 'POST' && files.has(path)) return answer(403);
    if (method === 'POST') files.set(path, body);
    if (method === 'GET' && path.endsWith('/')) {
      const list = [...files].filter(([name]) => name.startsWith(path));
      const names = list.map(([name, { length }]) => ({ name: name.slice(path.length), size: length }));
      return answer(200, Buffer.from(JSON.stringify(names)));
    }
    const file = files.get(path);
    if (method === 'DELETE') files.delete(path);
    return file ? answer(200, file) : answer(404);
  };
  const transport = { request, close: async () => undefined };
  return () => openRestStore({ location: 'rest:twice', transport, clock: systemClock, random: systemRandom });
}

it('makes only one of two that are made at the same moment behind a server that never overwrites', async () => {
  for (let round = 0; round < 5; round++) await expectOneOf(restServer());
});

/** A place where another program's config comes over ours as soon as that is there. */
async function overwritten(configOf: (inner: WriteStore) => Promise<Uint8Array>) {
  const inner = createMemoryStore();
  const { store } = faulty(inner, []);
  const put: typeof store.put = async (name, bytes, signal) => {
    await store.put(name, bytes, signal);
    if (name.type === 'config') await inner.replaceConfig(await configOf(inner));
  };
  return { inner, store: { ...store, put } };
}

it('says that another one came over it, and takes the key back that was made for it', async () => {
  const elsewhere = createMemoryStore();
  const theirs = await make(elsewhere);
  const { inner, store } = await overwritten(async (place) => {
    const key = { type: 'keys', id: theirs.keyId } as const;
    await place.put(key, await elsewhere.get(key));
    return elsewhere.get(CONFIG_FILE);
  });
  await expect(make(store)).rejects.toMatchObject({ code: 'repo/exists' });
  const opened = await openRepository(inner, { passphrase: PASSPHRASE }, ownHost());
  expect(opened.config).toEqual(theirs.config);
  expect(await inner.list('keys')).toHaveLength(1);
});

it('leaves the key that it made to whoever took it over', async () => {
  const { inner, store } = await overwritten(async (place) => {
    const [file] = await place.list('keys');
    const key = await openKeyFile(await place.get({ type: 'keys', id: file?.id ?? '' }), PASSPHRASE);
    const config = parseConfig(open(key, await place.get(CONFIG_FILE)));
    return sealConfig(key, { ...config, id: 'a'.repeat(64) }, ownHost());
  });
  await expect(make(store)).rejects.toMatchObject({ code: 'repo/exists' });
  const opened = await openRepository(inner, { passphrase: PASSPHRASE }, ownHost());
  expect(opened.config.id).toBe('a'.repeat(64));
});
