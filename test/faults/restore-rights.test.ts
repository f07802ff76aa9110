import { randomBytes } from 'node:crypto';
import { chmod, lchown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Where owners or modes cannot be set (a container, a FAT stick, a share), a restore gives the content all the same. */

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const OTHER = 12_345;

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('restore-rights');
});
afterEach(() => scratch.remove());

it.each(['chown', 'fowner'])('restores all content without the right to %s', async (right) => {
  if (process.getuid?.() !== 0) return;
  const source = join(scratch.path, 'source');
  const target = join(scratch.path, 'target');
  const location = join(scratch.path, 'repository');
  const files = ['small', 'lends', 'large', 'folder/1', 'folder/2', 'folder/3', 'folder/4'];
  await mkdir(join(source, 'folder'), { recursive: true });
  for (const file of files) await writeFile(join(source, file), randomBytes(file === 'large' ? 5_000_000 : 1000));
  await symlink('small', join(source, 'link'));
  for (const name of [...files, 'link', 'folder']) await lchown(join(source, name), OTHER, OTHER);
  await chmod(join(source, 'lends'), 0o4755);
  const repository = await newRepository(location);
  await backup({ destinations: [{ repository }], paths: ['.'], workingDirectory: source });
  const restoring = ['repo', 'restore', location, 'latest', '--target', target, '--json'];
  const caps = [`--bounding-set=-${right}`, `--inh-caps=-${right}`];
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: scratch.path };
  const restored = await execa('setpriv', [...caps, process.execPath, BIN, ...restoring], { env, reject: false });
  expect(restored.exitCode).toBe(3);
  const report = JSON.parse(restored.stdout.split('\n').at(-1) ?? '');
  expect(report).toMatchObject({ result: 'incomplete', files: files.length, others: 1 });
  const unset = report.leftOut.filter(({ text }: { text: string }) => text.includes('owner or permissions'));
  expect(unset.map(({ path }: { path: string }) => path)).toEqual(
    expect.arrayContaining([...files, 'folder'].map((name) => `/${name}`)),
  );
  expect(new Set(report.leftOut.map(({ reason }: { reason: string }) => reason))).toEqual(new Set(['attributes']));
  for (const file of files) expect(await readFile(join(target, file))).toEqual(await readFile(join(source, file)));
  // Nothing lends the power of whoever restored.
  expect((await stat(join(target, 'lends'))).mode & 0o7000).toBe(0);
});

it('a file of another user that runs with the rights of its owner does not run with those of the person who restores it', async ({
  skip,
}) => {
  if (process.getuid?.() !== 0) return skip('only root can make one');
  const person = ['--reuid', `${OTHER}`, '--regid', `${OTHER}`, '--clear-groups'];
  const source = join(scratch.path, 'source');
  await mkdir(source);
  const modes = { plain: 0o755, 'of another': 0o4755, 'of another group': 0o2755, 'of the person': 0o6755 };
  for (const [name, mode] of Object.entries(modes)) {
    await writeFile(join(source, name), name);
    if (name === 'of the person') await lchown(join(source, name), OTHER, OTHER);
    await chmod(join(source, name), mode);
  }
  const location = join(scratch.path, 'repository');
  const repository = await newRepository(location);
  await backup({ destinations: [{ repository }], paths: ['.'], workingDirectory: source });
  await execa('chown', ['-R', `${OTHER}`, scratch.path]);
  await chmod(scratch.path, 0o755);
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: scratch.path };
  const target = join(scratch.path, 'target');
  const restoring = [BIN, 'repo', 'restore', location, 'latest', '--target', target, '--existing', 'replace', '--json'];
  const restore = async () => {
    const done = await execa('setpriv', [...person, process.execPath, ...restoring], { env, reject: false });
    const { leftOut } = JSON.parse(done.stdout.split('\n').at(-1) ?? '');
    const named = leftOut.map(({ path, reason }: { path: string; reason: string }) => `${reason} ${path}`).toSorted();
    const mode = async (name: string) => [name, (await stat(join(target, name))).mode & 0o7777];
    const found = Object.fromEntries(await Promise.all(Object.keys(modes).map(mode)));
    return { exitCode: done.exitCode, named, found };
  };
  const expected = {
    exitCode: 3,
    named: ['attributes /of another', 'attributes /of another group'],
    found: { ...modes, 'of another': 0o755, 'of another group': 0o755 },
  };
  expect(await restore()).toEqual(expected);
  // What is there already is put right as it would be made.
  await chmod(join(target, 'of another'), 0o4700);
  expect(await restore()).toEqual(expected);
});
