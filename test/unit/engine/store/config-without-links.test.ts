import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock, systemRandom } from '../../../../main/app/system.ts';
import { openLocalStore } from '../../../../main/engine/store/local-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../../../main/engine/store/store.ts';
import { storedObject } from '../../../contract/store-suite.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** What happens in the folder when the link is asked for, and after the rename that takes its place. */
const meanwhile = vi.hoisted(() => ({ code: 'EPERM', atLink: async () => {}, afterRename: async () => {} }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    async link() {
      await meanwhile.atLink();
      throw Object.assign(new Error('no link is made'), { code: meanwhile.code });
    },
    async rename(from: string, to: string) {
      await real.rename(from, to);
      await meanwhile.afterRename();
    },
  };
});

let scratch: TemporaryFolder;
let store: WriteStore;
beforeEach(async () => {
  scratch = await temporaryFolder('config-without-links');
  store = openLocalStore(scratch.path, { clock: systemClock, random: systemRandom });
  await store.create();
  meanwhile.atLink = meanwhile.afterRename = async () => {};
});
afterEach(() => scratch.remove());

const ours = Buffer.from('our config');
const theirs = Buffer.from('their conf');
const takeThePlace = () => writeFile(join(scratch.path, 'config'), theirs);

it.each(['EPERM', 'ENOTSUP', 'EIO'])(
  'stores a config where there are no hard links (%s), and nothing beside it',
  async (code) => {
    meanwhile.code = code;
    await store.put(CONFIG_FILE, ours);
    await store.put(CONFIG_FILE, ours);
    expect(Buffer.compare(await store.get(CONFIG_FILE), ours)).toBe(0);
    expect((await readdir(scratch.path)).sort()).toEqual(['config', 'data', 'index', 'keys', 'locks', 'snapshots']);
  },
);

it.each(['atLink', 'afterRename'] as const)('says that another one was quicker (%s)', async (moment) => {
  meanwhile[moment] = takeThePlace;
  await expect(store.put(CONFIG_FILE, ours)).rejects.toMatchObject({ code: 'store/exists' });
  expect(Buffer.compare(await store.get(CONFIG_FILE), theirs)).toBe(0);
  expect(await readdir(scratch.path)).toHaveLength(6);
});

it('does not take the disk for away when another program removes what was stored as soon as it has its name', async () => {
  await store.put(CONFIG_FILE, ours);
  const { name, bytes } = storedObject('locks', Buffer.from('a lock'));
  meanwhile.afterRename = () => rm(join(scratch.path, 'locks', name.id));
  await store.put(name, bytes);
  expect(await store.list('locks')).toEqual([]);
});
