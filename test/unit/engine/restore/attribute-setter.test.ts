import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setAttributes } from '../../../../main/engine/restore/attribute-setter.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('attribute-setter');
});
afterEach(() => scratch.remove());

const attribute = (name: string, value: string | Uint8Array) => ({ name, value: Buffer.from(value) });
const attributeOf = (path: string | Buffer, name: string): string =>
  execFileSync('getfattr', ['-h', '--only-values', '--absolute-names', '-n', name, path.toString()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString('latin1');

it('sets any names and values on files and folders with any name', async () => {
  const paths = ['plain', 'new\nline', 'späce', '-n'].map((name) => Buffer.from(join(scratch.path, name)));
  for (const path of paths) await mkdir(path);
  const value = Buffer.from([0, 1, 10, 92, 255]);
  const attributes = [attribute('user.any', value), attribute('user.empty', ''), attribute('user.Größe', 'x')];
  expect(await setAttributes(paths.map((path) => ({ path, attributes })))).toEqual({ state: 'done', failed: [] });
  for (const path of paths) {
    expect(attributeOf(path, 'user.any')).toBe(value.toString('latin1'));
    expect(attributeOf(path, 'user.empty')).toBe('');
    expect(attributeOf(path, 'user.Größe')).toBe('x');
  }
});

it('names those for which it failed, sets the others, and goes through no link', async () => {
  const file = join(scratch.path, 'file');
  await writeFile(file, '');
  await symlink(file, join(scratch.path, 'link'));
  const targets = ['link', 'gone', 'file'].map((name) => ({
    path: Buffer.from(join(scratch.path, name)),
    attributes: [attribute('user.note', `of ${name}`)],
  }));
  const { state, failed } = await setAttributes(targets);
  expect(state).toBe('done');
  expect(failed.map(({ path }) => path.toString())).toEqual([join(scratch.path, 'link'), join(scratch.path, 'gone')]);
  expect(attributeOf(file, 'user.note')).toBe('of file');
});

it('takes for set what is so already where it cannot be set', async ({ skip }) => {
  const path = Buffer.from(join(scratch.path, 'file'));
  await writeFile(path, '');
  const targets = ['as it was', 'other', 'as it was, and more'].map((value) => ({
    path,
    attributes: [attribute('user.note', value), attribute('user.empty', '')],
  }));
  await setAttributes(targets.slice(0, 1));
  try {
    execFileSync('chattr', ['+i', path.toString()], { stdio: 'ignore' });
  } catch {
    return skip('chattr is not permitted here');
  }
  try {
    expect((await setAttributes(targets)).failed).toEqual(targets.slice(1));
  } finally {
    execFileSync('chattr', ['-i', path.toString()]);
  }
});

it('has nothing to do for nothing', async () => {
  expect(await setAttributes([])).toEqual({ state: 'done', failed: [] });
});
