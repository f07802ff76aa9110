import { spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
/** Nobody has it in `/etc/passwd`. */
const NUMBER = '54321';

it.skipIf(process.getuid?.() !== 0)(
  'a user that is only a number, as in a container, and has no folder of its own, is served like any other (only as root)',
  async ({ skip }) => {
    const scratch = await temporaryFolder('nameless');
    try {
      await chmod(scratch.path, 0o777);
      const documents = join(scratch.path, 'letter');
      await writeFile(documents, 'dear');
      const run = (...args: readonly string[]) => {
        const asNumber = ['--reuid', NUMBER, '--regid', NUMBER, '--clear-groups', process.execPath, PROGRAM, ...args];
        const own = {
          TRIPLICATE_HOME: join(scratch.path, 'home'),
          TRIPLICATE_PASSWORD: 'four words that nobody knows',
        };
        return spawnSync('setpriv', asNumber, {
          encoding: 'utf8',
          env: { PATH: process.env.PATH, ...own },
          cwd: scratch.path,
        });
      };
      if (spawnSync('setpriv', ['--reuid', NUMBER, 'test', '-r', PROGRAM]).status !== 0)
        return skip('this checkout is closed to other users');
      const commands = [
        ['repo', 'init', 'repository'],
        ['repo', 'backup', 'repository', documents],
        ['repo', 'restore', 'repository', 'latest', '--target', 'back'],
        ['status'],
      ];
      for (const command of commands) {
        const { stderr, status } = run(...command);
        expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      }
      expect(await readFile(join(scratch.path, 'back', documents), 'utf8')).toBe('dear');
    } finally {
      await scratch.remove();
    }
  },
);
