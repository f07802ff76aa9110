import { chmod, link, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RestorePlan, restore } from '../../main/engine/engine.ts';
import { backedUp } from '../support/restore-plan.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A target in which other disks are mounted, as the root of a system is one. */

let scratch: TemporaryFolder;
let source: string;
let target: string;
let mounted: string;
beforeEach(async () => {
  scratch = await temporaryFolder('restore-onto-mounts');
  [source, target] = [join(scratch.path, 'source'), join(scratch.path, 'target')];
  mounted = join(target, 'disk');
  for (const folder of [join(source, 'disk', 'new'), mounted]) await mkdir(folder, { recursive: true });
});
afterEach(async () => {
  await execa('umount', ['-l', mounted], { reject: false });
  await scratch.remove();
});

async function mount(): Promise<string | undefined> {
  const { exitCode, stderr } = await execa('mount', ['-t', 'tmpfs', 'tmpfs', mounted], { reject: false });
  return exitCode === 0 ? undefined : `mounting is not permitted here: ${stderr}`;
}

async function planned(): Promise<RestorePlan> {
  return (await backedUp(join(scratch.path, 'repository'), source))(target);
}

it('writes nothing into the empty mount point of a disk that was in the target when the restore was planned', async ({
  skip,
}) => {
  const reason = await mount();
  if (reason !== undefined) return skip(reason);
  await writeFile(join(source, 'disk', 'small'), 'small');
  await writeFile(join(source, 'disk', 'large'), Buffer.alloc(3_000_000, 'large'));
  for (let n = 0; n < 8; n++) await writeFile(join(source, 'disk', 'new', `${n}`), `${n}`);
  const plan = await planned();
  await execa('umount', ['-l', mounted]);
  await expect(restore(plan)).rejects.toMatchObject({
    code: 'store/unreachable',
    message: expect.stringContaining(mounted),
  });
  expect(await readdir(mounted)).toEqual([]);
});

it('gives a file a copy under its other name where that lies on another disk, and says so', async ({ skip }) => {
  const reason = await mount();
  if (reason !== undefined) return skip(reason);
  const name = join(source, 'disk', 'z');
  await writeFile(join(source, 'a'), Buffer.alloc(3_000_000, 'content'));
  await chmod(join(source, 'a'), 0o440);
  await utimes(join(source, 'a'), 1, 1);
  await link(join(source, 'a'), name);
  const report = await restore(await planned());
  expect(report).toMatchObject({ result: 'incomplete', files: 2, leftOut: [{ path: name, reason: 'attributes' }] });
  const copy = join(mounted, 'z');
  expect(await readFile(copy)).toEqual(await readFile(name));
  expect(await stat(copy)).toMatchObject({ mode: 0o100_440, mtimeMs: 1000, nlink: 1 });
  expect((await readdir(mounted)).toSorted()).toEqual(['new', 'z']);
});
