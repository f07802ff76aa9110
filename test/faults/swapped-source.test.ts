import { lstatSync } from 'node:fs';
import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bytePathOf } from '../../main/engine/backup/byte-path.ts';
import { isStillAt } from '../../main/engine/backup/listing.ts';
import { backup, type Repository } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Called before a directory is listed here, in the thread of the walk: what happens then happens behind its back. */
const beforeListing = vi.hoisted(() => ({ hook: (_: string): void => undefined }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const readdirSync = (...args: Parameters<typeof real.readdirSync>): unknown => {
    beforeListing.hook(String(args[0]));
    return real.readdirSync(...args);
  };
  return { ...real, readdirSync };
});

let scratch: TemporaryFolder;
let repository: Repository;
let source: string;
let elsewhere: string;
let judge: Restic;

beforeEach(async () => {
  scratch = await temporaryFolder('swapped-source');
  const location = join(scratch.path, 'repository');
  source = join(scratch.path, 'source');
  elsewhere = join(scratch.path, 'elsewhere');
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  repository = await newRepository(location);
  for (const folder of ['a', 'b', 'c']) await fill(join(source, folder), folder);
  await fill(elsewhere, 'nobody’s business');
  await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
});
afterEach(async () => {
  beforeListing.hook = () => undefined;
  await scratch.remove();
});

async function fill(folder: string, content: string): Promise<void> {
  await mkdir(join(folder, 'below'), { recursive: true });
  await writeFile(join(folder, 'file'), `${content} 1`);
  await writeFile(join(folder, 'below', 'file'), `${content} 2`);
}

/** A run over changes everywhere; `b` becomes a link just before `listed` is. Gives what the snapshot has of b, and what was left out. */
async function runWithSwapBefore(listed: string) {
  const { renameSync, symlinkSync } = await import('node:fs');
  const names = ['a', 'b', 'c'].flatMap((name) => [join(source, name), join(source, name, 'below')]);
  for (const name of names) await writeFile(join(name, 'file'), 'changed');
  let swaps = 0;
  beforeListing.hook = (path) => {
    if (path !== join(source, listed) || swaps++ > 0) return;
    renameSync(join(source, 'b'), join(scratch.path, 'was b'));
    symlinkSync(elsewhere, join(source, 'b'));
  };
  const dirtyDirectories = new Set(names);
  const report = await backup({
    destinations: [{ repository }],
    paths: [source],
    workingDirectory: '/',
    dirtyDirectories,
  });
  expect(swaps).toBe(1);
  const target = join(scratch.path, 'restored');
  await judge.restore('latest', target);
  return { leftOut: report.leftOut.map(({ path, reason }) => `${path.slice(source.length)} ${reason}`), target };
}

describe('a folder of the source that becomes a link', () => {
  it('is not followed when it is listed', async () => {
    const { leftOut, target } = await runWithSwapBefore('b');
    expect(leftOut).toEqual(['/b vanished']);
    expect(lstatSync(join(target, source, 'b'), { throwIfNoEntry: false })).toBeUndefined();
    expect(lstatSync(join(target, source, 'c', 'file')).size).toBe('changed'.length);
  });

  it('is not followed to the folders that were seen in it', async () => {
    const { leftOut, target } = await runWithSwapBefore('b/below');
    expect(leftOut.toSorted()).toEqual(['/b/below vanished', '/b/file vanished']);
    expect(lstatSync(join(target, source, 'b', 'below'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('is not followed to the files that were seen in it', async () => {
    const { leftOut, target } = await runWithSwapBefore('c');
    expect(leftOut.toSorted()).toEqual(['/b/below/file vanished', '/b/file vanished']);
    expect(lstatSync(join(target, source, 'b', 'file'), { throwIfNoEntry: false })).toBeUndefined();
    expect(lstatSync(join(target, source, 'c', 'file')).size).toBe('changed'.length);
  });
});

it('tells a folder from a link to one, and from another one behind a link', async () => {
  const [path, below] = [bytePathOf(join(source, 'b')), bytePathOf(join(source, 'b', 'below'))];
  const [folder, inner] = [path, below].map((one) => lstatSync(one, { bigint: true }));
  if (!folder || !inner) throw new Error('They are not there.');
  expect(isStillAt(path, folder)).toBe(true);
  expect(isStillAt(below, inner)).toBe(true);
  await rename(join(source, 'b'), join(scratch.path, 'was b'));
  expect(isStillAt(path, folder)).toBe(false);
  await symlink(elsewhere, join(source, 'b'));
  expect(isStillAt(path, folder)).toBe(false);
  expect(isStillAt(below, inner)).toBe(false);
  await unlink(join(source, 'b'));
  await symlink(join(scratch.path, 'was b'), join(source, 'b'));
  expect(isStillAt(path, folder)).toBe(false);
});
