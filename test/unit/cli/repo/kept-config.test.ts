import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type KeptConfig, keptConfig } from '../../../../main/cli/repo/kept-config.ts';
import { watchSyncedFolders } from '../../../support/synced-folders.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const SEALED = randomBytes(170);
let scratch: TemporaryFolder;
let kept: KeptConfig;
beforeEach(async () => {
  scratch = await temporaryFolder('kept-config');
  kept = keptConfig('/mnt/repository', join(scratch.path, 'home'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await scratch.remove();
});

/** As a power cut leaves it that undoes the renaming. @returns where the file lies now */
async function undoRenaming(): Promise<string> {
  await mkdir(join(kept.path, 'in the way'), { recursive: true });
  await expect(kept.write(SEALED)).rejects.toThrow();
  await rm(kept.path, { recursive: true });
  const [fresh, ...others] = await readdir(dirname(kept.path));
  expect([fresh, others]).toEqual([expect.stringMatching(/\.new$/), []]);
  return join(dirname(kept.path), String(fresh));
}

it('is kept, read and removed', async () => {
  expect(await kept.read()).toBeUndefined();
  await kept.remove();
  await kept.write(SEALED);
  expect(await kept.read()).toEqual(SEALED);
  expect(await readdir(dirname(kept.path))).toEqual([basename(kept.path)]);
  await kept.remove();
  expect(await kept.read()).toBeUndefined();
});

it('has its final name on the disk when it is kept, and so have the folders that were made for it', async ({
  skip,
}) => {
  if (process.platform !== 'linux') return skip('only Linux tells the path of an open file');
  const synced = await watchSyncedFolders();
  await kept.write(SEALED);
  expect(synced).toContainEqual({ path: scratch.path, names: ['home'] });
  expect(synced).toContainEqual({ path: join(scratch.path, 'home'), names: ['kept-configs'] });
  expect(synced.at(-1)).toEqual({ path: dirname(kept.path), names: [basename(kept.path)] });
});

it('is found where only its renaming was lost, and removed from there', async () => {
  const fresh = await undoRenaming();
  expect(await readdir(dirname(kept.path))).toEqual([basename(fresh)]);
  expect(await kept.read()).toEqual(SEALED);
  expect(await keptConfig('/mnt/other', join(scratch.path, 'home')).read()).toBeUndefined();
  await kept.remove();
  expect(await readdir(dirname(kept.path))).toEqual([]);
});

it.each([
  ['half', (path: string) => truncate(path, 80)],
  ['empty', (path: string) => truncate(path, 0)],
  ['zeros', (path: string) => writeFile(path, Buffer.alloc(SEALED.length))],
])('is not taken from a file that was not written to its end: %s', async (_name, damage) => {
  const fresh = await undoRenaming();
  await damage(fresh);
  expect(await kept.read()).toBeUndefined();
  await kept.write(SEALED);
  expect(await readFile(kept.path)).toEqual(SEALED);
});
