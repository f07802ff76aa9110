import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** What a trial restore brings back is taken away again, whatever its own modes say; those decide nothing for root. */

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const NOBODY = '65534';
const asPerson = process.getuid?.() === 0 ? ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'] : [];

let folder: string;
let temporary: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'triplicate-closed-'));
  temporary = join(folder, 'temporary');
  await mkdir(temporary);
  for (const path of [folder, temporary]) await chmod(path, 0o777);
});
afterEach(async () => {
  execFileSync('chmod', ['-R', 'u+rwX', folder]);
  await rm(folder, { recursive: true });
});

function run(...command: readonly string[]) {
  const [program = '', ...args] = [...asPerson, ...command];
  const own = { HOME: folder, TRIPLICATE_HOME: join(folder, 'home'), TMPDIR: temporary };
  const env = { PATH: process.env.PATH, ...own, TRIPLICATE_PASSWORD: 'four words that nobody knows' };
  return spawnSync(program, args, { encoding: 'utf8', env, cwd: folder });
}
const triplicate = (...args: readonly string[]) => run(process.execPath, PROGRAM, ...args);
const drills = async () => (await readdir(temporary)).filter((name) => name.startsWith('triplicate-drill-'));

it('a folder with read-only folders in it is proven, and nothing of it stays behind', async ({ skip }) => {
  if (triplicate('--version').status !== 0) return skip('this checkout is closed to other users');
  const documents = join(folder, 'Documents');
  run('mkdir', '-p', `${documents}/closed/below`);
  run(
    'sh',
    '-c',
    `echo secret > ${documents}/closed/below/letter; printf x > ${documents}/closed/$(printf '\\351t\\351')`,
  );
  run('chmod', '0555', `${documents}/closed/below`, `${documents}/closed`);
  // What is removed beside them must not be looked for in vain.
  const beside = Array.from({ length: 60 }, (_, number) => `${documents}/open/${number}`);
  run('mkdir', '-p', ...beside);
  run('touch', ...beside.map((path) => `${path}/file`));
  expect(triplicate('folder', 'add', documents).status).toBe(0);
  expect(triplicate('destination', 'add', 'Disk', join(folder, 'copies')).status).toBe(0);
  const stored = triplicate('backup');
  expect(stored.stdout + stored.stderr).not.toContain('could not be tried');
  expect(await drills()).toEqual([]);
});
