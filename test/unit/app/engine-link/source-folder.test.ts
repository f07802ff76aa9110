import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { refuseUnfitSource } from '../../../../main/app/engine-link/source-folder.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const answers = vi.hoisted(() => ({ lstat: '', opendir: '' }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const failing = (name: 'lstat' | 'opendir') => async (path: string) => {
    if (answers[name] !== '') throw Object.assign(new Error('as the system says'), { code: answers[name] });
    return real[name](path);
  };
  return { ...real, lstat: failing('lstat'), opendir: failing('opendir') };
});

let scratch: TemporaryFolder;
const refused = (path: string) => refuseUnfitSource({ path, markers: 'honour' });

beforeEach(async () => {
  scratch = await temporaryFolder('source-folder');
});
afterEach(async () => {
  Object.assign(answers, { lstat: '', opendir: '' });
  await scratch.remove();
});

it('tells a folder that is not there from one that cannot be read', async () => {
  await mkdir(join(scratch.path, 'folder'));
  await refused(join(scratch.path, 'folder'));
  await expect(refused(join(scratch.path, 'nowhere'))).rejects.toMatchObject({ code: 'source/missing' });
  // A folder above it that may not be entered; a share whose server is gone; a disk that fails.
  for (const [call, code] of [
    ['lstat', 'EACCES'],
    ['lstat', 'ENOTCONN'],
    ['opendir', 'EACCES'],
    ['opendir', 'EIO'],
  ] as const) {
    Object.assign(answers, { lstat: '', opendir: '', [call]: code });
    await expect(refused(scratch.path)).rejects.toMatchObject({ code: 'source/unreadable' });
  }
});

it('refuses what a marker or a link leaves nothing of', async () => {
  await symlink(scratch.path, join(scratch.path, 'link'));
  await expect(refused(join(scratch.path, 'link'))).rejects.toMatchObject({ code: 'source/missing' });
  await writeFile(join(scratch.path, 'CACHEDIR.TAG'), 'no signature');
  await refused(scratch.path);
  await writeFile(join(scratch.path, '.nobackup'), '');
  await expect(refused(scratch.path)).rejects.toMatchObject({ code: 'source/nothing-left' });
  await refuseUnfitSource({ path: scratch.path, markers: 'ignore' });
});
