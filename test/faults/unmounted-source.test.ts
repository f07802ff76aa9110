import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, listSnapshots } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE, quickEngine, reopen } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The disk of the source, or of a folder in it, goes away: an empty mount point is never taken for one in which all was deleted. */

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

it.for(['a full scan', 'a run of changes'] as const)('its disk is seen to be gone by %s', async (kind, { skip }) => {
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

it.for(['a full scan', 'a run of changes'] as const)(
  'a disk within the folder is seen to be gone by %s',
  async (kind, { skip }) => {
    const source = join(scratch.path, 'source');
    const share = join(source, 'on the way', 'share');
    const mounted = await mountSmallDisk(share, '8m');
    if ('reason' in mounted) return skip(mounted.reason);
    disk = mounted;
    await writeFile(join(share, 'letter'), 'dear');
    await mkdir(join(source, 'emptied'));
    await writeFile(join(source, 'emptied', 'note'), 'short');
    const location = join(scratch.path, 'copies');
    const run = async () =>
      backup({
        destinations: [{ repository: await reopen(location) }],
        paths: [source],
        workingDirectory: '/',
        excludes: ['share.device'],
        ...(kind === 'a full scan' ? {} : { dirtyDirectories: new Set([source, join(source, 'on the way'), share]) }),
      });
    await newRepository(location);
    await run();
    await disk.pull();
    await rm(join(source, 'emptied', 'note'));
    for (const filesRemoved of [1, 0]) {
      const report = await run();
      expect(report).toMatchObject({ filesRemoved, leftOut: [{ path: share, reason: 'unreadable' }] });
      expect(report.leftOut[0]?.text).toMatch(/mounted.*version of the last backup is kept/);
    }
    await disk.plugIn();
    await rm(join(share, 'letter'));
    // Emptied by its owner: that is a change like any other.
    expect(await run()).toMatchObject({ filesRemoved: 1, leftOut: [] });
  },
);

it.for(['old', 'new'] as const)('what is %s on it is kept where every destination has it', async (age, { skip }) => {
  const source = join(scratch.path, 'source');
  const share = join(source, 'share');
  const mounted = await mountSmallDisk(share, '8m');
  if ('reason' in mounted) return skip(mounted.reason);
  disk = mounted;
  await mkdir(join(share, 'below'));
  await writeFile(join(share, 'below', 'letter'), 'dear');
  const [first, second] = [join(scratch.path, 'first'), join(scratch.path, 'second')];
  const run = async (...locations: readonly string[]) => {
    const repositories = await Promise.all(locations.map((location) => reopen(location)));
    const destinations = repositories.map((repository) => ({ repository }));
    return backup({ destinations, paths: [source], workingDirectory: '/', excludes: ['share.device'] });
  };
  const { config } = await newRepository(first);
  await newRepository(second, config);
  await run(first, second);
  // The second misses a version, and with it perhaps something of the share.
  await writeFile(join(age === 'old' ? source : join(share, 'below'), 'note'), 'short');
  await run(first);
  await disk.pull();
  const { leftOut, filesRemoved } = await run(first, second);
  expect(leftOut).toMatchObject([{ path: share, reason: 'unreadable' }]);
  expect(leftOut[0]?.text).toMatch(age === 'old' ? /version of the last backup is kept/ : /not in this backup/);
  if (age === 'old') expect(filesRemoved).toBe(0);
  for (const repository of [first, second])
    await restic({ repository, passphrase: PASSPHRASE, scratch: scratch.path }).check('--read-data');
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
