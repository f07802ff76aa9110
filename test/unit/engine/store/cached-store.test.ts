import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemRandom } from '../../../../main/app/system.ts';
import { cached } from '../../../../main/engine/store/cached-store.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { storedObject } from '../../../contract/store-suite.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let place: WriteStore;
beforeEach(async () => {
  folder = await temporaryFolder('cache');
  place = createMemoryStore();
  await place.create();
  await place.put(CONFIG_FILE, Buffer.from('config'));
});
afterEach(() => folder.remove());

const open = (inner: WriteStore) => cached(inner, { folder: folder.path, random: systemRandom });

it('asks the place once, also after a restart', async () => {
  const { name, bytes } = storedObject('index', randomBytes(500));
  await place.put(name, bytes);
  const counting = faulty(place, []);
  for (let start = 0; start < 3; start++) {
    expect(Buffer.compare(await open(counting.store).get(name), bytes)).toBe(0);
  }
  const part = await open(counting.store).get(name, { offset: 10, length: 20 });
  expect(Buffer.compare(part, bytes.subarray(10, 30))).toBe(0);
  expect(counting.calls('get')).toBe(1);
});

it('keeps only the rooms that it is told to keep', async () => {
  const store = cached(place, { folder: folder.path, random: systemRandom, rooms: new Set(['snapshots'] as const) });
  const index = storedObject('index', randomBytes(500));
  const snapshot = storedObject('snapshots', randomBytes(500));
  for (const { name, bytes } of [index, snapshot]) await store.put(name, bytes);
  for (const { name, bytes } of [index, snapshot]) {
    expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
  }
  expect(await readdir(folder.path)).toEqual(['snapshots']);
});

it('keeps what travelled ahead once it is in place', async () => {
  const { name, bytes } = storedObject('snapshots', randomBytes(500));
  const counting = faulty(place, []);
  const ready = Promise.withResolvers<void>();
  const stored = open(counting.store).putAfter?.(name, bytes, ready.promise);
  expect(await readdir(folder.path)).toEqual([]);
  ready.resolve();
  await stored;
  expect(Buffer.compare(await open(counting.store).get(name), bytes)).toBe(0);
  expect(counting.calls('get')).toBe(0);
});

it('fetches a cached file again that was damaged on this disk', async () => {
  const { name, bytes } = storedObject('snapshots', randomBytes(500));
  const store = open(place);
  await store.put(name, bytes);
  await writeFile(join(folder.path, 'snapshots', name.id), 'damaged');
  expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
});

it('keeps nothing whose hash is not its name', async () => {
  const id = 'a'.repeat(64);
  const store = open(place);
  await place.put({ type: 'index', id }, Buffer.from('not what it says'));
  expect(Buffer.from(await store.get({ type: 'index', id })).toString()).toBe('not what it says');
  expect(await readdir(folder.path)).toEqual([]);
});

it('drops what the place no longer has, and never lists from memory', async () => {
  const { name, bytes } = storedObject('index', randomBytes(500));
  const store = open(place);
  await store.put(name, bytes);
  await place.remove(name);
  expect(await store.list('index')).toEqual([]);
  expect(await readdir(join(folder.path, 'index'))).toEqual([]);
  await expect(store.get(name)).rejects.toMatchObject({ code: 'store/not-found' });
});

it('keeps no packs, keys and locks', async () => {
  const store = open(place);
  for (const type of ['data', 'keys', 'locks'] as const) {
    const { name, bytes } = storedObject(type, randomBytes(50));
    await store.put(name, bytes);
    await store.get(name);
  }
  expect(await readdir(folder.path)).toEqual([]);
});
