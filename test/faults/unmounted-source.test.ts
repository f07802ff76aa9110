import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, listSnapshots } from '../../main/engine/engine.ts';
import { newRepository, quickEngine, reopen } from '../support/engine.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The disk of the source goes away: its empty mount point is never taken for a folder in which all was deleted. */

let scratch: TemporaryFolder;
let disk: SmallDisk | undefined;

beforeEach(async () => {
  scratch = await temporaryFolder('unmounted-source');
});
afterEach(async () => {
  await disk?.unmount();
  disk = undefined;
  await scratch.remove();
});

it.for(['a full scan', 'a run of changes'] as const)('is seen by %s', async (kind, { skip }) => {
  const source = join(scratch.path, 'source');
  const mounted = await mountSmallDisk(source, '8m');
  if ('reason' in mounted) return skip(mounted.reason);
  disk = mounted;
  await writeFile(join(source, 'letter'), 'dear');
  const location = join(scratch.path, 'copies');
  const run = async () =>
    backup({
      destinations: [{ repository: await reopen(location) }],
      paths: [source],
      workingDirectory: '/',
      ...(kind === 'a full scan' ? {} : { dirtyDirectories: new Set([source]) }),
    });
  await newRepository(location);
  await run();
  await disk.pull();
  for (let round = 0; round < 2; round++)
    await expect(run()).rejects.toMatchObject({ code: 'source/empty-suspicious', data: { path: source } });
  await disk.plugIn();
  await rm(join(source, 'letter'));
  // Emptied by its owner: that is a version like any other.
  expect((await run()).filesRemoved).toBe(1);
  expect((await listSnapshots(await reopen(location))).snapshots).toHaveLength(2);
});

it('says so when a link has taken the place of a folder, instead of storing the link alone', async () => {
  const source = join(scratch.path, 'source');
  const repository = { location: join(scratch.path, 'copies'), passphrase: 'correct horse battery' };
  const engine = quickEngine();
  const run = (dirtyDirectories: readonly string[] | null) =>
    engine.call('backup', {
      repositories: [repository],
      path: source,
      excludes: [],
      excludeLargerThan: null,
      markers: 'ignore',
      dirtyDirectories,
      scansFolder: null,
    });
  try {
    await mkdir(source);
    await writeFile(join(source, 'letter'), 'dear');
    await engine.call('create', { repository, like: null });
    await run(null);
    await rename(source, join(scratch.path, 'roomier disk'));
    await symlink(join(scratch.path, 'roomier disk'), source);
    for (const dirty of [null, [source]]) await expect(run(dirty)).rejects.toMatchObject({ code: 'source/missing' });
    expect(await engine.call('snapshots', { repository })).toHaveLength(1);
  } finally {
    await engine.close();
  }
});
