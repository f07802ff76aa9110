import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newRepository, PASSPHRASE } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A disk may take a file and fail to keep the name that it was given: the system call is made to do so. */

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('folder-not-forced');
});
afterEach(() => scratch.remove());

it.for(['index', 'snapshots'])('leaves nothing in %s that a power cut may take away', async (room, { skip }) => {
  const at = await realpath(scratch.path);
  const source = join(at, 'source');
  await mkdir(source);
  await writeFile(join(source, 'one'), 'content');
  const location = join(at, 'repository');
  await newRepository(location);
  const inject = ['-f', '-qq', '-o', join(at, 'trace'), '-P', join(location, room), '-e', 'inject=fsync:error=EIO'];
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: at };
  const backup = [process.execPath, BIN, 'repo', 'backup', location, source];
  const { exitCode, stderr, code } = await execa('strace', [...inject, ...backup], { env, reject: false });
  if (code === 'ENOENT') return skip('there is no strace here');
  if (/ptrace/i.test(stderr)) return skip(`processes may not be traced here: ${stderr}`);
  expect(exitCode).toBe(1);
  expect(await readdir(join(location, room))).toEqual([]);
  await execa(process.execPath, [BIN, 'repo', 'backup', location, source], { env });
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
});
