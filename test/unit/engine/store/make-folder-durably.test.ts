import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolderDurably } from '../../../../main/engine/store/local-files.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const NOBODY = 65_534;
const MODULE = fileURLToPath(new URL('../../../../main/engine/store/local-files.ts', import.meta.url));

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('make-folder-durably');
});
afterEach(() => scratch.remove());

it('makes what is missing on the way, with the mode, and is content with what is there', async () => {
  const path = join(scratch.path, 'a', 'b', 'c');
  await makeFolderDurably(path, 0o700);
  await makeFolderDurably(path, 0o700);
  await Promise.all(['d/e', 'd/f', 'd/e', 'd'].map((name) => makeFolderDurably(join(scratch.path, name), 0o700)));
  for (const name of ['a', 'a/b', 'a/b/c', 'd/e', 'd/f']) {
    expect(statSync(join(scratch.path, name)).mode & 0o777).toBe(0o700);
  }
});

it('says so when a file is in the way', async () => {
  writeFileSync(join(scratch.path, 'file'), '');
  await expect(makeFolderDurably(join(scratch.path, 'file'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolderDurably(join(scratch.path, 'file/below'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
});

it.skipIf(!existsSync('/proc/self'))(
  'comes back where the system makes no folders',
  async () => {
    await expect(makeFolderDurably('/proc/nothing/here', 0o700)).rejects.toMatchObject({ code: 'ENOENT' });
  },
  5_000,
);

it.skipIf(process.platform === 'win32')('needs no right to list the folder that it is made in', ({ skip }) => {
  // Root may list everything.
  const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const given = `import(${JSON.stringify(MODULE)}).then((module) => module.makeFolderDurably(process.argv[1], 0o700))`;
  const run = (path: string) => spawnSync(process.execPath, ['-e', given, path], { ...as, encoding: 'utf8' });
  chmodSync(scratch.path, 0o777);
  if (run(join(scratch.path, 'open')).status !== 0) return skip('this checkout is closed to other users');
  chmodSync(scratch.path, 0o333);
  const { status, stderr } = run(join(scratch.path, 'state', 'triplicate'));
  chmodSync(scratch.path, 0o777);
  expect(status, stderr).toBe(0);
  expect(existsSync(join(scratch.path, 'state', 'triplicate'))).toBe(true);
});
