import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newRepository, PASSPHRASE } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Names that would recolour, clear or rename a terminal, as somebody else may have stored them. */

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const NAME = 'a\u001b[31mred\u0007\rb';

let scratch: TemporaryFolder;
let location: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  scratch = await temporaryFolder('hostile-names');
  location = join(scratch.path, 'repository');
  env = { ...process.env, TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: scratch.path };
  await newRepository(location);
  const source = join(scratch.path, 'source');
  await mkdir(source);
  await writeFile(join(source, NAME), 'content');
  await execa(process.execPath, [BIN, 'repo', 'backup', '--tag', NAME, location, source], { env });
});
afterAll(() => scratch.remove());

it.for([['snapshots'], ['ls', 'latest'], ['find', 'a*']])(
  'are no commands to a terminal, and as they are for a program: %s',
  async ([verb = '', ...rest], { skip }) => {
    const words = ['repo', verb, location, ...rest];
    const { stdout } = await execa(process.execPath, [BIN, ...words], { env });
    expect(stdout).toContain(NAME);
    const command = [process.execPath, BIN, ...words].map((word) => `'${word}'`).join(' ');
    const shown = await execa('script', ['-qec', command, '/dev/null'], { env, reject: false });
    if (shown.code === 'ENOENT') return skip('there is no program `script` here');
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('a\\u{1b}[31mred\\u{7}\\u{d}b');
    expect(shown.stdout).not.toContain('\u001b[31m');
  },
);
