import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newRepository, PASSPHRASE } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Mounted places may report an error when a file is closed that was only read: the system call is made to do so. */

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('close-error');
});
afterEach(() => scratch.remove());

it('backs up everything when a file cannot be closed without an error', async ({ skip }) => {
  const source = join(await realpath(scratch.path), 'source');
  const file = join(source, 'one');
  await mkdir(source);
  for (const name of ['one', 'other']) await writeFile(join(source, name), `content of ${name}`);
  const location = join(scratch.path, 'repository');
  await newRepository(location);
  const inject = ['-f', '-qq', '-o', join(scratch.path, 'trace'), '-P', file, '-e', 'inject=close:error=EIO'];
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: scratch.path };
  const backup = [process.execPath, BIN, 'repo', 'backup', location, source];
  const { exitCode, stderr, code } = await execa('strace', [...inject, ...backup], { env, reject: false });
  if (code === 'ENOENT') return skip('there is no strace here');
  if (/ptrace/i.test(stderr)) return skip(`processes may not be traced here: ${stderr}`);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
  const restored = join(scratch.path, 'restored');
  await judge.restore('latest', restored);
  const { exitCode: differs } = await execa('diff', ['-r', source, join(restored, source)], { reject: false });
  expect(differs).toBe(0);
});
