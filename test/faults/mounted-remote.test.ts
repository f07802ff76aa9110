import { randomBytes } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, findSnapshot, planRestore, restore } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * A remote that the person has mounted looks like a disk, but does not do all that a disk does: rclone's mount (without its
 * cache for writes) takes each file from one writer, from front to back.
 */
let scratch: TemporaryFolder;
let mountPoint: string;
let served: string;
let unmount: (() => Promise<void>) | undefined;
beforeEach(async () => {
  scratch = await temporaryFolder('mounted-remote');
  mountPoint = join(scratch.path, 'mounted');
  served = join(scratch.path, 'served');
  await mkdir(mountPoint);
  await mkdir(served);
});
afterEach(async () => {
  await unmount?.();
  unmount = undefined;
  await scratch.remove();
});

/** Gives the reason when this machine does not allow it. */
async function mount(): Promise<string | undefined> {
  const child = execa('rclone', ['mount', served, mountPoint, '--config', '/dev/null', '--dir-cache-time', '0s'], {
    stdin: 'ignore',
    stdout: 'ignore',
    reject: false,
  });
  const ended = child.then(({ stderr, message }) => `mounting is not possible here: ${stderr || message}`);
  const own = (await stat(scratch.path)).dev;
  const mounted = expect.poll(async () => (await stat(mountPoint)).dev).not.toBe(own);
  const reason = await Promise.race([mounted.then(() => undefined), ended]);
  if (reason === undefined) {
    unmount = async () => {
      await execa('umount', ['--lazy', mountPoint], { reject: false });
      child.kill('SIGTERM');
      await ended;
    };
  }
  return reason;
}

it('a repository on a mounted remote takes large packs and gives them back', async ({ skip }) => {
  const reason = process.platform === 'linux' ? await mount() : 'rclone mounts otherwise here';
  if (reason !== undefined) return skip(reason);
  const source = join(scratch.path, 'source');
  await mkdir(source);
  await writeFile(join(source, 'long'), randomBytes(20_000_000));
  await writeFile(join(source, 'short'), randomBytes(1000));
  const location = join(mountPoint, 'repository');
  const repository = await newRepository(location);
  // Other machines write to it as well.
  expect(await repository.store.showsAtOnce?.()).toBe(false);
  const request = { destinations: [{ repository }], paths: [source], workingDirectory: '/' };
  await backup(request);
  const judge = restic({ repository: join(served, 'repository'), passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
  const target = join(scratch.path, 'restored');
  const reader = await reopen(location);
  const { snapshot } = await findSnapshot(reader, 'latest');
  const plan = await planRestore({
    repository: reader,
    tree: snapshot.tree,
    from: source,
    target,
    existing: 'replace',
  });
  expect(await restore(plan)).toMatchObject({ result: 'complete' });
  expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
});
