import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup } from '../../main/engine/engine.ts';
import { newRepository, reopen } from '../support/engine.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A disk or share that is mounted somewhere in a folder goes away: what was on it stays in the next version, and is named. */

let scratch: TemporaryFolder;
let disk: SmallDisk | undefined;

beforeEach(async () => {
  scratch = await temporaryFolder('emptied-mount');
});
afterEach(async () => {
  await disk?.unmount();
  disk = undefined;
  await scratch.remove();
});

it.for(['a full scan', 'a run of changes'] as const)('in %s', async (kind, { skip }) => {
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
});
