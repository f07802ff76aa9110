import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { App } from '../../main/app/compose.ts';
import { quickEngine } from '../support/engine.ts';
import { type FolderOnDisk, folderOnDisk } from '../support/folder-on-disk.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** What stands at a destination is not what the app stored there: it counts for nothing, and nothing is written to it. */

const passphrase = 'a passphrase';
let scratch: TemporaryFolder;
let app: App;
let disk: FolderOnDisk;
let location: string;
let judge: Restic;

beforeEach(async () => {
  scratch = await temporaryFolder('replaced');
  disk = await folderOnDisk(scratch.path, { letter: 'dear' });
  ({ app, location } = disk);
  judge = restic({ repository: location, passphrase, scratch: scratch.path });
  expect((await backUp()).state).toBe('done');
  expect(state()).toBe('good');
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

const start = () => disk.start();
const backUp = () => disk.backUp();
const state = () => disk.state();

async function look(): Promise<void> {
  const [disk] = app.destinations.records();
  if (disk) await app.destinations.test({ id: disk.id });
}

it('a repository of the same passphrase in the place of ours is neither written to nor counted, also after a start', async () => {
  await rename(location, join(scratch.path, 'ours'));
  await judge.init();
  const refused = await backUp();
  expect(refused.error?.code).toBe('repo/other-repository');
  expect(state()).toBe('away');
  await judge.check('--read-data');
  expect(await judge.snapshots()).toEqual([]);

  await app.close();
  app = await start();
  expect(app.destinations.list()[0]).toMatchObject({ state: 'blocked', problem: { code: 'repo/other-repository' } });
  expect(state()).toBe('away');

  await rename(location, join(scratch.path, 'theirs'));
  await rename(join(scratch.path, 'ours'), location);
  expect((await backUp()).state).toBe('done');
  expect(state()).toBe('good');
  await judge.check('--read-data');
});

it('a disk that is exchanged between two runs is opened anew, whatever it holds', async () => {
  const engine = quickEngine();
  const [folder] = app.folders.records();
  const call = {
    repositories: [{ location, passphrase }],
    path: folder?.path ?? '',
    excludes: [],
    excludeLargerThan: null,
    markers: 'ignore' as const,
    dirtyDirectories: null,
    scansFolder: null,
  };
  try {
    await engine.call('backup', call);
    await rename(location, join(scratch.path, 'ours'));
    await judge.init();
    expect((await engine.call('backup', call)).results[0]?.error).toBeNull();
    await judge.check('--read-data');
  } finally {
    await engine.close();
  }
});

it('a passphrase that another program has changed is noticed, and the copy does not count until it is right again', async () => {
  const another = join(scratch.path, 'another');
  await writeFile(another, 'another one');
  await judge.run('key', 'passwd', '--new-password-file', another);
  await look();
  expect(app.destinations.list()[0]).toMatchObject({ state: 'blocked', problem: { code: 'repo/wrong-passphrase' } });
  expect(state()).toBe('away');
  await writeFile(another, passphrase);
  await restic({ repository: location, passphrase: 'another one', scratch: scratch.path }).run(
    'key',
    'passwd',
    '--new-password-file',
    another,
  );
  await look();
  expect(state()).toBe('good');
});

it('a damaged key file is noticed while the key is still in memory', async () => {
  const [name] = await readdir(join(location, 'keys'));
  const path = join(location, 'keys', name ?? '');
  await chmod(path, 0o600);
  await writeFile(path, (await readFile(path, 'utf8')).replace(/"data":"../, '"data":"AA'));
  await look();
  expect(state()).not.toBe('good');
  expect(app.destinations.list()[0]?.problem?.code).toMatch(/^(repo|store)\//);
});

it('a version that another program has removed counts no longer, and no check of what is left proves it', async () => {
  const [version] = await judge.snapshots();
  await judge.run('forget', '--prune', version?.id ?? '');
  await look();
  expect(app.folders.list()[0]?.copies[0]).toMatchObject({ state: 'new', lastSnapshotAt: null, lastVerifiedAt: null });
  const [disk] = app.destinations.records();
  const check = app.work.check(disk?.id ?? ('' as never), 'read-data', 'person');
  await app.runs.ended(check.id);
  expect(state()).toBe('new');
  expect((await backUp()).state).toBe('done');
  expect(state()).toBe('good');
});

it('a trial restore of a version that another program has removed finds no damage in what is left', async () => {
  const [version] = await judge.snapshots();
  await judge.run('forget', version?.id ?? '');
  const drill = app.work.drill(disk.destinationId, 'person');
  expect(await app.runs.ended(drill.id)).toMatchObject({ state: 'done', error: null });
  expect(app.destinations.list()[0]).toMatchObject({ state: 'ready', problem: null });
  expect(state()).toBe('new');
  expect((await backUp()).state).toBe('done');
  expect(state()).toBe('good');
});

it('an index that is gone is named, with what makes it anew, on the card of the destination', async () => {
  await app.close();
  await rm(join(location, 'index'), { recursive: true });
  await mkdir(join(location, 'index'));
  app = await start();
  const run = await backUp();
  expect(run.report?.findings).toContainEqual(
    expect.objectContaining({ code: 'repo/damaged', text: expect.stringContaining('whole index is gone') }),
  );
  const [disk] = app.destinations.list();
  expect(disk).toMatchObject({
    state: 'damaged',
    problem: { message: expect.stringContaining('whole index is gone') },
  });
  expect(disk?.problem?.hint).toContain(`repo repair index ${location}`);
});
