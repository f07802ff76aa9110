import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PASSPHRASE } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Commands keep the index for each other; what another program does to the repository meanwhile counts. */

const PROGRAM = join(import.meta.dirname, '../../main/bin.js');
let scratch: TemporaryFolder;
let source: string;
let location: string;
let judge: Restic;
let restored = 0;

beforeEach(async () => {
  scratch = await temporaryFolder('index-cache');
  source = join(scratch.path, 'source');
  location = join(scratch.path, 'repository');
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await mkdir(source);
  await writeFile(join(source, 'first'), randomBytes(50_000));
  command('init', location);
  command('backup', location, source);
});
afterEach(() => scratch.remove());

function command(...args: readonly string[]): string {
  return execFileSync(process.execPath, [PROGRAM, 'repo', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: join(scratch.path, 'cache') },
  });
}

async function restoresAll(): Promise<void> {
  const target = join(scratch.path, `restored ${++restored}`);
  command('restore', location, 'latest', '--target', target);
  for (const name of await readdir(source)) {
    expect((await readFile(join(target, source, name))).equals(await readFile(join(source, name)))).toBe(true);
  }
}

it('sees what another program has stored', async () => {
  await writeFile(join(source, 'second'), randomBytes(60_000));
  await judge.backup([source]);
  await restoresAll();
  expect(command('backup', location, source)).toContain('0 new, 0 changed, 2 unchanged');
  await judge.check('--read-data');
});

it('stores again what another program has removed', async () => {
  await rm(join(source, 'first'));
  await writeFile(join(source, 'second'), randomBytes(60_000));
  await judge.backup([source]);
  const first = (await judge.snapshots())[0]?.id ?? '';
  await judge.run('forget', '--prune', first);
  await writeFile(join(source, 'third'), randomBytes(70_000));
  command('backup', location, source);
  await restoresAll();
  await judge.check('--read-data');
});

it('does without the cache where it cannot be kept, is damaged or gone', async () => {
  for (const folder of ['scans', 'indexes'].map((name) => join(scratch.path, 'cache/triplicate', name))) {
    const names = await readdir(folder);
    expect(names).toHaveLength(1);
    for (const name of names) await writeFile(join(folder, name), randomBytes(400));
  }
  await restoresAll();
  expect(command('backup', location, source)).toContain('1 unchanged');
  await rm(join(scratch.path, 'cache'), { recursive: true });
  await writeFile(join(scratch.path, 'cache'), 'no folder');
  await restoresAll();
  expect(command('backup', location, source)).toContain('1 unchanged');
  await judge.check('--read-data');
});
