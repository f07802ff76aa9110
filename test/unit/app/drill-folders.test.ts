import { mkdir, mkdtemp, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DrillFolders } from '../../../main/app/drill-folders.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('drill-folders');
  vi.stubEnv('TMPDIR', scratch.path);
  expect(tmpdir()).toBe(scratch.path);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await scratch.remove();
});

it('removes what a killed process has left, and nothing of another state', async () => {
  const other = await new DrillFolders('/home/other').make();
  const left = await new DrillFolders('/home/own').make();
  await mkdir(join(left, 'restored'));
  await writeFile(join(left, 'restored', 'letter'), 'secret');
  const now = await new DrillFolders('/home/own').make();
  expect((await readdir(scratch.path)).toSorted()).toEqual([basename(other), basename(now)].toSorted());
});

it.runIf(process.platform !== 'win32')('leaves alone what others can write to, or have put there', async () => {
  const open = await new DrillFolders('/home/own').make();
  const prefix = open.slice(0, -6);
  await rename(open, `${prefix}moved`);
  await mkdir(`${prefix}open`, { mode: 0o755 });
  const elsewhere = await mkdtemp(join(scratch.path, 'elsewhere-'));
  await writeFile(join(elsewhere, 'letter'), 'mine');
  await symlink(elsewhere, `${prefix}link`);
  await new DrillFolders('/home/own').make();
  const names = await readdir(scratch.path);
  for (const kept of [`${prefix}open`, `${prefix}link`]) expect(names).toContain(basename(kept));
  expect(names).not.toContain(basename(`${prefix}moved`));
  expect(await readdir(elsewhere)).toEqual(['letter']);
});

it('says which place for temporary files cannot be written to', async () => {
  const missing = join(scratch.path, 'missing');
  vi.stubEnv('TMPDIR', missing);
  const message = expect.stringContaining(missing);
  await expect(new DrillFolders('/home/own').make()).rejects.toMatchObject({ code: 'restore/target-invalid', message });
});
