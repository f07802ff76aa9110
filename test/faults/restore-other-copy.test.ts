import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DestinationId } from '../../main/api/contract/values.ts';
import { type FolderOnDisk, folderOnDisk } from '../support/folder-on-disk.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A moment that is kept at two places comes back from the second when the first does not give it any more. */

let scratch: TemporaryFolder;
let disk: FolderOnDisk;
let second: DestinationId;

beforeEach(async () => {
  scratch = await temporaryFolder('other-copy');
  disk = await folderOnDisk(scratch.path, { letter: 'dear' });
  ({ id: second } = await disk.app.destinations.add({ name: 'Second', location: join(scratch.path, 'second') }));
  const [folder] = disk.app.folders.records();
  if (folder) await disk.app.folders.update({ id: folder.id, destinationIds: [disk.destinationId, second] });
  for (const { id } of await disk.app.work.backUpNow({})) expect((await disk.app.runs.ended(id)).state).toBe('done');
  await rm(join(scratch.path, 'Documents', 'letter'));
});
afterEach(async () => {
  await disk.app.close();
  await scratch.remove();
});

function plan(from?: DestinationId) {
  const folderId = disk.app.folders.records()[0]?.id;
  if (folderId === undefined) throw new Error('no folder');
  const target = { kind: 'original' } as const;
  return disk.app.restores.plan({ folderId, momentId: 'latest', keys: [], target, existing: 'skip', from });
}

const judge = () => restic({ repository: disk.location, passphrase: 'a passphrase', scratch: scratch.path });

it.each([
  ['has been forgotten there', async () => void (await judge().run('forget', 'latest'))],
  ['is at a place that has just gone', () => rm(disk.location, { recursive: true })],
])('restores from the other copy when the version %s', async (_what, spoil) => {
  expect((await plan()).from.destinationId).toBe(disk.destinationId);
  await spoil();
  const planned = await plan();
  expect(planned).toMatchObject({ from: { destinationId: second }, create: 1 });
  const run = disk.app.restores.start(planned.planId);
  expect((await disk.app.runs.ended(run.id)).state).toBe('done');
  expect(await readFile(join(scratch.path, 'Documents', 'letter'), 'utf8')).toBe('dear');
});

it('takes no other copy than the one that is asked for', async () => {
  await judge().run('forget', 'latest');
  await expect(plan(disk.destinationId)).rejects.toThrow();
});
