import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, listSnapshots, prune } from '../../main/engine/engine.ts';
import { withLock } from '../../main/engine/repository/locks.ts';
import { hostAheadBy, newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Several programs on one repository at once: they keep to restic's locks, and the dead hold up nobody. */

let scratch: TemporaryFolder;
let location: string;
let judge: Restic;

beforeEach(async () => {
  scratch = await temporaryFolder('together');
  location = join(scratch.path, 'repository');
  await newRepository(location);
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
});
afterEach(() => scratch.remove());

async function folderOf(name: string): Promise<string> {
  const folder = join(scratch.path, name);
  await mkdir(folder);
  // Half of it is the same for all, so that they meet at the same blobs.
  await writeFile(join(folder, 'common'), Buffer.alloc(5_000_000, 'the same for all '));
  for (let n = 0; n < 10; n++) await writeFile(join(folder, `own ${n}`), randomBytes(800_000));
  return folder;
}

async function backUp(folder: string) {
  const repository = await reopen(location);
  const report = await backup({ destinations: [{ repository }], paths: [folder], workingDirectory: '/' });
  return report.results[0]?.snapshotId;
}

const locks = () => readdir(join(location, 'locks'));

/** A restic that has its lock and waits for its input for good. */
async function waitingRestic(): Promise<ChildProcess> {
  const child = spawn('restic', ['-r', location, '--no-cache', 'backup', '--stdin'], {
    env: { ...process.env, RESTIC_PASSWORD: PASSPHRASE },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await expect.poll(locks).toHaveLength(1);
  return child;
}

it('backs up beside restic and beside itself, and everything is whole', async () => {
  const [a, b, c] = [await folderOf('a'), await folderOf('b'), await folderOf('c')];
  const [first, second] = await Promise.all([backUp(a), backUp(b), judge.backup([c])]);
  expect(first).toBeDefined();
  expect(second).toBeDefined();
  expect((await listSnapshots(await reopen(location))).snapshots).toHaveLength(3);
  await judge.check('--read-data');
  await judge.restore(second ?? '', join(scratch.path, 'restored'), '--verify');
  expect(await locks()).toEqual([]);
});

it('removes nothing while another program works, says who it is, and goes on when that one is killed', async () => {
  await backUp(await folderOf('a'));
  const other = await waitingRestic();
  const repository = await reopen(location);
  await expect(prune({ repository, mode: 'prune' })).rejects.toMatchObject({
    code: 'repo/locked',
    message: expect.stringContaining(String(other.pid)),
  });
  // A backup needs no exclusive lock.
  expect(await backUp(await folderOf('b'))).toBeDefined();
  other.kill('SIGKILL');
  await once(other, 'close');
  expect(await locks()).toHaveLength(1);
  // In a container of this name it might be at work.
  await expect(prune({ repository, mode: 'prune' })).rejects.toMatchObject({
    code: 'repo/locked',
    hint: expect.stringContaining('not to be seen here'),
  });
  const later = { ...repository, host: hostAheadBy(() => 660_000_000_000n) };
  await prune({ repository: later, mode: 'prune', maxUnused: 0 });
  expect(await locks()).toEqual([]);
  await judge.check('--read-data');
});

it('keeps restic out while it needs the repository for itself alone', async () => {
  const folder = await folderOf('a');
  await withLock(await reopen(location), 'exclusive', async () => {
    await expect(judge.backup([folder])).rejects.toThrow(/already locked exclusively/);
    await expect(backUp(folder)).rejects.toMatchObject({ code: 'repo/locked' });
  });
  await judge.backup([folder]);
  await judge.check('--read-data');
});
