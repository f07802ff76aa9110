import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, findSnapshot, planRestore, type RestoreReport, restore } from '../../main/engine/engine.ts';
import { newRepository } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let target: string;
let unmount: (() => Promise<void>) | undefined;
beforeEach(async () => {
  scratch = await temporaryFolder('restore-without-case');
  target = join(scratch.path, 'target');
});
afterEach(async () => {
  await unmount?.();
  unmount = undefined;
  await scratch.remove();
});

/** A folder in which `a` and `A` are one name, as on sticks and shares; by rclone, as not every kernel knows such file systems. */
async function mount(): Promise<string | undefined> {
  const below = join(scratch.path, 'below');
  for (const folder of [below, target]) await mkdir(folder);
  const own = (await stat(target)).dev;
  const options = ['--config', '/dev/null', '--vfs-case-insensitive', '--vfs-cache-mode', 'writes'];
  const child = execa('rclone', ['mount', below, target, ...options], { reject: false });
  const ended = child.then(({ stderr, message }) => `mounting is not possible here: ${stderr || message}`);
  const mounted = expect.poll(async () => (await stat(target)).dev).not.toBe(own);
  const reason = await Promise.race([mounted.then(() => undefined), ended]);
  if (reason === undefined)
    unmount = async () => {
      await execa('umount', ['--lazy', target], { reject: false });
      await ended;
    };
  return reason;
}

it('names folders that have become one where the target knows no case, and restores what is in them', async ({
  skip,
}) => {
  const reason = process.platform === 'linux' ? await mount() : 'rclone mounts otherwise here';
  if (reason !== undefined) return skip(reason);
  const source = join(scratch.path, 'source');
  const files = ['Letters/to A', 'letters/to B', 'LETTERS/1', 'LETTERS/2', 'LETTERS/3', 'LETTERS/4', 'other'];
  for (const file of files) {
    await mkdir(join(source, file, '..'), { recursive: true });
    await writeFile(join(source, file), file);
  }
  const repository = await newRepository(join(scratch.path, 'repository'));
  await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  const { snapshot } = await findSnapshot(repository, 'latest');
  const restored = async (to: string): Promise<RestoreReport> =>
    restore(await planRestore({ repository, tree: snapshot.tree, target: to, from: source, existing: 'replace' }));
  for (const _time of ['at first', 'again']) {
    const { result, leftOut } = await restored(target);
    expect(result).toBe('incomplete');
    expect(leftOut).toMatchObject([
      { path: join(source, 'Letters'), reason: 'in-the-way' },
      { path: join(source, 'letters'), reason: 'in-the-way' },
    ]);
    for (const file of files) expect(await readFile(join(target, file), 'utf8')).toBe(file);
  }
  expect(await restored(join(scratch.path, 'elsewhere'))).toMatchObject({ result: 'complete', leftOut: [] });
});
