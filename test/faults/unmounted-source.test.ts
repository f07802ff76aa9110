import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, listSnapshots } from '../../main/engine/engine.ts';
import { newRepository, reopen } from '../support/engine.ts';
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
