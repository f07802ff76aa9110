import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../support/run-backup.ts', import.meta.url));
const ROUNDS = 10;

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('killed');
});
afterEach(() => scratch.remove());

/** Kills the backup `afterMs` after it has opened the repository; gives the snapshot if it was quicker. */
function killedBackup(location: string, source: string, afterMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, location, source], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('opened')) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(output.split('\n')[1] || undefined);
    });
  });
}

it('leaves a repository that restic passes, whenever it is killed, and the next run finishes by itself', async () => {
  const location = join(scratch.path, 'repository');
  const source = join(scratch.path, 'source');
  await mkdir(source);
  await newRepository(location);
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  let killed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < 12; n++) await writeFile(join(source, `file ${n}`), randomBytes(2 * 1024 * 1024));
    const snapshot = await killedBackup(location, source, round * 60);
    if (snapshot === undefined) killed++;
    // The killed process left its lock; restic does not clear dead locks by itself when it checks.
    await judge.check('--read-data', '--no-lock');
  }
  expect(killed).toBeGreaterThan(2);
  const report = await backup({
    destinations: [{ repository: await reopen(location) }],
    paths: [source],
    workingDirectory: '/',
  });
  expect(report.results[0]?.snapshotId).toBeDefined();
  await judge.check('--read-data');
  await judge.restore('latest', join(scratch.path, 'restored'), '--verify');
});
