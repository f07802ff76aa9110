import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, findSnapshot, planRestore, restore } from '../../main/engine/engine.ts';
import { newRepository } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A disk that takes what is written and cannot keep it, as thin storage does and sticks that are smaller than they say. */

let scratch: TemporaryFolder;
let mounted: string[];
beforeEach(async () => {
  scratch = await temporaryFolder('restore-lost-writes');
  mounted = [];
});
afterEach(async () => {
  for (const path of mounted.reverse()) await execa('umount', ['-l', path]);
  await scratch.remove();
});

/** An ext4 of 200 MB that stands on 6 MB. */
async function mountHollowDisk(path: string): Promise<string | undefined> {
  const below = `${path}.below`;
  const image = join(below, 'image');
  await mkdir(path);
  await mkdir(below);
  const { exitCode, stderr } = await execa('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', below], {
    reject: false,
  });
  if (exitCode !== 0) return stderr;
  mounted.push(below);
  await execa('truncate', ['-s', '200M', image]);
  await execa('mkfs.ext4', ['-q', '-O', '^has_journal', image]);
  const { exitCode: failed, stderr: why } = await execa('mount', ['-o', 'loop', image, path], { reject: false });
  if (failed !== 0) return why;
  mounted.push(path);
  return undefined;
}

it.for([
  ['of the target', ''],
  ['in a folder of the target', 'source'],
])('does not report a restore as complete that the disk %s has lost', async ([, folder = ''], { skip }) => {
  const target = join(scratch.path, 'target');
  if (folder !== '') await mkdir(target);
  const reason = await mountHollowDisk(join(target, folder));
  if (reason !== undefined) return skip(`mounting is not permitted here: ${reason}`);
  const source = join(scratch.path, 'source');
  await mkdir(source);
  for (let n = 0; n < 40; n++) await writeFile(join(source, `file ${n}`), randomBytes(600_000));
  const repository = await newRepository(join(scratch.path, 'repository'));
  await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  const { snapshot } = await findSnapshot(repository, 'latest');
  const plan = await planRestore({ repository, tree: snapshot.tree, target, from: scratch.path, existing: 'replace' });
  await expect(restore(plan)).rejects.toMatchObject({
    code: 'store/unreachable',
    message: expect.stringContaining('could not keep'),
  });
});
