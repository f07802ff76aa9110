import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock, systemRandom } from '../../../../main/app/system.ts';
import { openLocalStore } from '../../../../main/engine/store/local-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { storedObject } from '../../../contract/store-suite.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** A folder of a network that changes while it is listed: each entry comes twice. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readdir = async (...args: Parameters<typeof real.readdir>) => {
    const entries = await real.readdir(...args);
    return [...entries, ...entries];
  };
  return { ...real, readdir };
});

let scratch: TemporaryFolder;
let store: WriteStore;
beforeEach(async () => {
  scratch = await temporaryFolder('double-entries');
  store = openLocalStore(scratch.path, { clock: systemClock, random: systemRandom });
  await store.create();
  await store.put(CONFIG_FILE, Buffer.from('config'));
});
afterEach(() => scratch.remove());

it.each(['snapshots', 'data'] as const)('gives each object in %s once', async (type) => {
  const { name, bytes } = storedObject(type, Buffer.from('stored'));
  await store.put(name, bytes);
  expect(await store.list(type)).toEqual([{ id: name.id, size: bytes.length }]);
});
