import { cp, mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../main/app/compose.ts';
import { type FolderOnDisk, folderOnDisk } from '../support/folder-on-disk.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** One repository is one copy, however many ways lead to it; a clone on another disk is a copy of its own. */

const passphrase = 'a passphrase';
let scratch: TemporaryFolder;
let app: App;
let disk: FolderOnDisk;
let location: string;

beforeEach(async () => {
  scratch = await temporaryFolder('same-place');
  disk = await folderOnDisk(scratch.path, { letter: 'dear' });
  ({ app, location } = disk);
  await backUp();
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

const start = () => disk.start();

async function backUp(): Promise<void> {
  for (const { id } of await app.work.backUpNow({})) expect((await app.runs.ended(id)).state).toBe('done');
}

const copies = () => app.folders.list()[0]?.rule.copies.have;
const states = () => app.destinations.list().map(({ state }) => state);
const judge = () => restic({ repository: location, passphrase, scratch: scratch.path });
const snapshots = () => judge().snapshots();

describe('another way to the place of a destination is refused', () => {
  it.each([
    ['a link', () => join(scratch.path, 'link', 'copies')],
    ['a file address through a link', () => `file://${join(scratch.path, 'link', 'copies')}`],
    ['a path for rclone', () => `rclone::local:${location}`],
  ])('%s', async (_name, spelled) => {
    await symlink('disk', join(scratch.path, 'link'));
    await expect(app.destinations.add({ name: 'Second', location: spelled() })).rejects.toMatchObject({
      code: 'app/same-place',
      message: expect.stringContaining('which is Disk, are the same place'),
    });
    expect(app.destinations.records()).toHaveLength(1);
    const { stdout } = await judge().run('list', 'locks');
    expect(stdout).toBe('');
  });

  it('a mount of the same folder', async (context) => {
    const mounted = join(scratch.path, 'mounted');
    await mkdir(mounted);
    const { exitCode, stderr } = await execa('mount', ['--bind', join(scratch.path, 'disk'), mounted], {
      reject: false,
    });
    if (exitCode !== 0) return context.skip(stderr);
    try {
      const second = app.destinations.add({ name: 'Second', location: join(mounted, 'copies') });
      await expect(second).rejects.toMatchObject({ code: 'app/same-place' });
    } finally {
      await execa('umount', ['--lazy', mounted]);
    }
  });
});

it('a clone on another disk is a copy of its own', async () => {
  const clone = join(scratch.path, 'clone');
  await cp(location, clone, { recursive: true });
  await app.destinations.add({ name: 'Clone', location: clone });
  const [folder] = app.folders.list();
  const destinationIds = app.destinations.records().map(({ id }) => id);
  if (folder) await app.folders.update({ id: folder.id, destinationIds });
  await backUp();
  expect(states()).toEqual(['ready', 'ready']);
  expect(copies()).toBe(3);
});

it('a disk that is found at another path counts there; when both ways are open, it counts once and is written to once', async () => {
  const elsewhere = join(scratch.path, 'elsewhere');
  await rename(join(scratch.path, 'disk'), elsewhere);
  await app.destinations.add({ name: 'Second', location: join(elsewhere, 'copies') });
  const [folder] = app.folders.list();
  const [first, second] = app.destinations.records();
  if (folder && first && second) await app.folders.update({ id: folder.id, destinationIds: [first.id, second.id] });
  if (second) for (const { id } of await app.work.backUpNow({ destinationIds: [second.id] })) await app.runs.ended(id);
  expect([...states(), copies()]).toEqual(['away', 'ready', 2]);

  await symlink('elsewhere', join(scratch.path, 'disk'));
  await app.close();
  app = await start();
  expect(app.destinations.list()).toMatchObject([
    { state: 'ready' },
    { state: 'blocked', problem: { code: 'app/same-place' } },
  ]);
  expect(copies()).toBe(2);
  const before = (await snapshots()).length;
  await backUp();
  expect((await snapshots()).length).toBe(before + 1);
  const refused = second ? app.work.backUpNow({ destinationIds: [second.id] }) : Promise.resolve();
  await expect(refused).rejects.toMatchObject({ code: 'app/same-place' });
});
