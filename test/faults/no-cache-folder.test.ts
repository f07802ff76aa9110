import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The command keeps what Node has compiled in a folder of the person's own. */

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));

/** Neither the folders of the test run nor those of whoever runs it. */
const bare = (home: string) => ({
  env: { PATH: process.env.PATH, HOME: home },
  extendEnv: false,
  timeout: 60_000,
});

it.skipIf(process.platform !== 'linux')('starts where no such folder can be made', async () => {
  const { stdout } = await execa(process.execPath, [PROGRAM, '--version'], bare('/proc/none'));
  expect(stdout).toMatch(/^\d/);
});

it.skipIf(process.platform === 'win32')('lets nobody else write there, also without a umask', async () => {
  const home = await temporaryFolder('no-umask');
  try {
    await execa('sh', ['-c', 'umask 000; exec "$@"', 'sh', process.execPath, PROGRAM, '--version'], bare(home.path));
    const { mode } = await lstat(join(home.path, '.cache', 'triplicate', 'code'));
    expect((mode & 0o777).toString(8)).toBe('700');
  } finally {
    await home.remove();
  }
});
