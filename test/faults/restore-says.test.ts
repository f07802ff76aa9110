import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FolderId } from '../../main/api/contract/values.ts';
import type { RestoreWish } from '../../main/app/restores.ts';
import { type FolderOnDisk, folderOnDisk } from '../support/folder-on-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** What a person has goes for nothing that the plan of a restore did not say. */

let scratch: TemporaryFolder;
let disk: FolderOnDisk;
let documents: string;
beforeEach(async () => {
  scratch = await temporaryFolder('says');
  disk = await folderOnDisk(scratch.path, { 'a.txt': 'old', 'a (restored).txt': 'an older one' });
  documents = join(scratch.path, 'Documents');
  await mkdir(join(documents, 'letters'));
  await writeFile(join(documents, 'letters', 'one'), 'dear');
  await disk.backUp();
});
afterEach(async () => {
  await disk.app.close();
  await scratch.remove();
});

async function planned(existing: RestoreWish['existing'], keys: readonly string[] = []) {
  const folderId = disk.app.folders.list()[0]?.id as FolderId;
  return disk.app.restores.plan({ folderId, momentId: 'latest', keys, target: { kind: 'original' }, existing });
}

it('a file that stands where a folder was is among what the plan replaces', async () => {
  await rm(join(documents, 'letters'), { recursive: true });
  await writeFile(join(documents, 'letters'), 'all my letters in one file');
  const plan = await planned('replace');
  expect(plan).toMatchObject({ create: 1, replace: 1, unchanged: 2 });
  expect(plan.sample).toContainEqual({ path: join(documents, 'letters'), action: 'replace' });
  expect((await planned('keep-both')).replace).toBe(0);
});

it('a link that has taken the place of a folder stays where only a file of that is to be restored', async () => {
  const elsewhere = join(scratch.path, 'elsewhere');
  await rename(join(documents, 'letters'), elsewhere);
  await symlink(elsewhere, join(documents, 'letters'));
  await rm(join(elsewhere, 'one'));
  const { planId, replace } = await planned('replace', [Buffer.from('letters/one').toString('base64url')]);
  expect(replace).toBe(0);
  const run = await disk.app.runs.ended(disk.app.restores.start(planId).id);
  expect(run).toMatchObject({ state: 'partial', error: null });
  expect(await readlink(join(documents, 'letters'))).toBe(elsewhere);
  expect(await readdir(elsewhere)).toEqual([]);
});

it('what is restored beside a file takes the name of nothing else that is restored', async () => {
  await rename(join(documents, 'a (restored).txt'), join(documents, 'b'));
  await writeFile(join(documents, 'a.txt'), 'new');
  const run = await disk.app.runs.ended(disk.app.restores.start((await planned('keep-both')).planId).id);
  expect(run).toMatchObject({ state: 'done', error: null });
  const contents = (await readdir(documents)).filter((name) => name.startsWith('a')).toSorted();
  expect(contents).toEqual(['a (restored 2).txt', 'a (restored).txt', 'a.txt']);
  const read = (name: string) => readFile(join(documents, name), 'utf8');
  expect(await Promise.all(contents.map(read))).toEqual(['old', 'an older one', 'new']);
});

it('two long names that begin alike get names of their own beside what is there', async () => {
  const names = ['1', '2'].map((end) => `${'long '.repeat(49)}${end}.txt`);
  for (const name of names) await writeFile(join(documents, name), 'old');
  await disk.backUp();
  for (const name of names) await writeFile(join(documents, name), 'new');
  const run = await disk.app.runs.ended(disk.app.restores.start((await planned('keep-both')).planId).id);
  expect(run).toMatchObject({ state: 'done', error: null });
  const contents = (await readdir(documents)).filter((name) => name.startsWith('long'));
  expect(await Promise.all(contents.map((name) => readFile(join(documents, name), 'utf8')))).toHaveLength(4);
});

it('a disk that was connected a moment ago is there for a restore', async () => {
  const place = join(scratch.path, 'disk');
  await planned('replace'); // the history knows its moments from here on
  await rename(place, `${place} away`);
  await disk.app.destinations.test({ id: disk.destinationId });
  await expect(planned('replace')).rejects.toMatchObject({ code: 'store/unreachable' });
  await rename(`${place} away`, place);
  expect(await planned('replace')).toMatchObject({ unchanged: 3 });
});
