import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { openLocalStore } from '../../main/engine/store/local-store.ts';
import { CONFIG_FILE, type FileType, type WriteStore } from '../../main/engine/store/store.ts';
import { storedObject } from '../contract/store-suite.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { fileNamesBelow } from '../support/file-names-below.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const host = { clock: systemClock, random: systemRandom };
const ROOMS: readonly FileType[] = ['keys', 'locks', 'snapshots', 'index', 'data'];

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('local-faults');
});
afterEach(() => scratch.remove());

async function repository(root: string): Promise<WriteStore> {
  const store = openLocalStore(root, host);
  await store.create();
  await store.put(CONFIG_FILE, Buffer.from('config'));
  return store;
}

it('writes with restic’s modes: folders 0700, files 0400', async () => {
  const root = join(scratch.path, 'repo');
  const store = await repository(root);
  const { name, bytes } = storedObject('data', randomBytes(10));
  await store.put(name, bytes);
  const mode = async (path: string) => (await stat(join(root, path))).mode & 0o777;
  expect(await mode('')).toBe(0o700);
  expect(await mode('data/00')).toBe(0o700);
  expect(await mode('config')).toBe(0o400);
  expect(await mode(`data/${name.id.slice(0, 2)}/${name.id}`)).toBe(0o400);
});

it('does not take a folder that is gone for one on a disk of this machine', async () => {
  expect(await openLocalStore(join(scratch.path, 'gone'), host).showsAtOnce?.()).toBe(false);
});

it('says full when the disk is full, leaves nothing half-written, and goes on when there is room again', async ({
  skip,
}) => {
  const disk = await mountSmallDisk(join(scratch.path, 'disk'), '6m');
  if ('reason' in disk) return skip(disk.reason);
  try {
    const store = await repository(disk.path);
    const small = storedObject('data', randomBytes(1 << 20));
    const big = storedObject('data', randomBytes(5 << 20));
    await store.put(small.name, small.bytes);
    await expect(store.put(big.name, big.bytes)).rejects.toMatchObject({ code: 'store/full' });
    expect((await fileNamesBelow(disk.path)).sort()).toEqual(['config', small.name.id].sort());
    await store.remove(small.name);
    await store.put(big.name, big.bytes);
    expect(Buffer.compare(await store.get(big.name), big.bytes)).toBe(0);
    expect(await store.showsAtOnce?.()).toBe(true);
  } finally {
    await disk.unmount();
  }
});

it('says read-only when the disk is read-only, and still reads', async ({ skip }) => {
  const disk = await mountSmallDisk(join(scratch.path, 'disk'), '6m');
  if ('reason' in disk) return skip(disk.reason);
  try {
    const store = await repository(disk.path);
    const { name, bytes } = storedObject('snapshots', randomBytes(100));
    await store.put(name, bytes);
    await disk.setWritable('read-only');
    await expect(store.put(name, bytes)).rejects.toMatchObject({ code: 'store/read-only' });
    await expect(store.remove(name)).rejects.toMatchObject({ code: 'store/read-only' });
    expect(await store.list('snapshots')).toHaveLength(1);
    expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
  } finally {
    await disk.unmount();
  }
});

it('never takes the empty mount point of an unplugged disk for an empty repository, and writes nothing into it', async ({
  skip,
}) => {
  const disk = await mountSmallDisk(join(scratch.path, 'disk'), '6m');
  if ('reason' in disk) return skip(disk.reason);
  const store = await repository(disk.path);
  const { name, bytes } = storedObject('data', randomBytes(100));
  await store.put(name, bytes);
  await disk.unmount();
  for (const type of ROOMS) {
    await expect(store.list(type)).rejects.toMatchObject({ code: 'repo/not-a-repository' });
  }
  await expect(store.get(name)).rejects.toMatchObject({ code: 'repo/not-a-repository' });
  await expect(store.put(name, bytes)).rejects.toMatchObject({ code: 'repo/not-a-repository' });
  await expect(store.remove(name)).rejects.toMatchObject({ code: 'repo/not-a-repository' });
  expect(await store.stat()).toMatchObject({ repository: 'absent' });
  expect(await readdir(disk.path)).toEqual([]);
});

it('is unreachable while the whole folder is away, in the middle of writing too, and continues when it is back', async () => {
  const root = join(scratch.path, 'mount', 'repo');
  const store = await repository(root);
  const objects = Array.from({ length: 30 }, () => storedObject('data', randomBytes(200_000)));
  const puts = objects.map(({ name, bytes }) => store.put(name, bytes));
  await rename(join(scratch.path, 'mount'), join(scratch.path, 'gone'));
  const results = await Promise.allSettled(puts);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'store/unreachable' });
  }
  expect(results.some(({ status }) => status === 'rejected')).toBe(true);
  for (const type of ROOMS) await expect(store.list(type)).rejects.toMatchObject({ code: 'store/unreachable' });
  await expect(store.get(CONFIG_FILE)).rejects.toMatchObject({ code: 'store/unreachable' });
  await expect(store.stat()).rejects.toMatchObject({ code: 'store/unreachable' });

  await rename(join(scratch.path, 'gone'), join(scratch.path, 'mount'));
  for (const { name, bytes } of objects) await store.put(name, bytes);
  expect(await store.list('data')).toHaveLength(objects.length);
});

it('reads a folder that a tidy program removed as empty, and makes it again', async () => {
  const root = join(scratch.path, 'repo');
  const store = await repository(root);
  for (const type of ROOMS) {
    await rm(join(root, type), { recursive: true });
    expect(await store.list(type)).toEqual([]);
    const { name, bytes } = storedObject(type, randomBytes(50));
    await store.put(name, bytes);
    expect(await store.list(type)).toEqual([{ id: name.id, size: 50 }]);
  }
});

it('calls a file that lost its end corrupt when a part of it is asked for', async () => {
  const root = join(scratch.path, 'repo');
  const store = await repository(root);
  const { name, bytes } = storedObject('data', randomBytes(1000));
  await store.put(name, bytes);
  await truncate(join(root, 'data', name.id.slice(0, 2), name.id), 600);
  await expect(store.get(name, { offset: 500, length: 200 })).rejects.toMatchObject({ code: 'store/corrupt' });
  expect(await store.get(name, { offset: 0, length: 600 })).toHaveLength(600);
  expect(await store.list('data')).toEqual([{ id: name.id, size: 600 }]);
});

it('replaces a stump under the final name when the object is put again', async () => {
  const root = join(scratch.path, 'repo');
  const store = await repository(root);
  const { name, bytes } = storedObject('index', randomBytes(1000));
  await writeFile(join(root, 'index', name.id), bytes.subarray(0, 10));
  await store.put(name, bytes);
  expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
});

it('sweeps its own leftovers a day later, and nothing else', async () => {
  const root = join(scratch.path, 'repo');
  await repository(root);
  const clock = fakeClock();
  const store = openLocalStore(root, { clock, random: systemRandom });
  const id = 'a'.repeat(64);
  const second = Number(clock.now() / 1_000_000_000n);
  const leftover = (age: number) => `${id}-tmp-t${(second - age).toString(16)}00112233`;
  const kept = [leftover(60), `${id}-tmp-123456789`, `${id}-tmp-t0011223344556677x`, 'notes.txt'];
  await mkdir(join(root, 'index'), { recursive: true });
  for (const file of [...kept, leftover(90_000)]) await writeFile(join(root, 'index', file), 'x');
  await store.list('index');
  expect(await readdir(join(root, 'index'))).toHaveLength(5);
  const { name, bytes } = storedObject('index', randomBytes(20));
  await store.put(name, bytes);
  expect((await readdir(join(root, 'index'))).sort()).toEqual([...kept, name.id].sort());
});

it('says denied when the folder may not be read', async ({ skip }) => {
  if (process.getuid?.() === 0) return skip('root may read everything');
  const root = join(scratch.path, 'repo');
  const store = await repository(root);
  await chmod(join(root, 'index'), 0o000);
  await expect(store.list('index')).rejects.toMatchObject({ code: 'store/denied' });
  await chmod(join(root, 'index'), 0o700);
});
