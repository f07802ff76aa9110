import { createCipheriv } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE, subtreeAt } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Files that several workers share: cut by one, stored by all. */

let scratch: TemporaryFolder;
let source: string;

beforeEach(async () => {
  scratch = await temporaryFolder('long-file');
  source = join(scratch.path, 'source');
  await mkdir(source);
});
afterEach(() => scratch.remove());

/** Bytes without pattern, so that cuts lie anywhere. */
function noise(seed: number, bytes: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

async function backUp(location: string, workers: number) {
  const repository = await newRepository(location, { chunkerPolynomial: 0x3da3358b4dc173n });
  const report = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: source, workers });
  return { repository, report, tree: await subtreeAt(repository, report.tree, source) };
}

it('gives the same tree with one worker and with several, and restic finds it whole', async () => {
  // Noise, zeros (cut at the largest size only), text, and an odd end behind the last whole part.
  const file = await open(join(source, 'disk.img'), 'w');
  for (let part = 0; part < 5; part++) {
    await file.write(noise(part, 20_000_000));
    await file.write(Buffer.alloc(9_000_000));
    await file.write(Buffer.from('the same words again and again\n'.repeat(100_000)));
  }
  await file.write(noise(9, 12_345));
  await file.close();
  await writeFile(join(source, 'beside it'), 'small');
  const alone = await backUp(join(scratch.path, 'alone'), 1);
  const shared = await backUp(join(scratch.path, 'shared'), 3);
  expect(shared.tree).toBe(alone.tree);
  expect(shared.report).toMatchObject({ filesNew: 2, leftOut: [], bytesRead: alone.report.bytesRead });
  const judge = restic({ repository: join(scratch.path, 'shared'), passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
  const target = join(scratch.path, 'restored');
  await judge.restore('latest', target);
  const restored = await readFile(join(target, source, 'disk.img'));
  expect(restored.equals(await readFile(join(source, 'disk.img')))).toBe(true);
});

it('finds every island in a file of holes', async () => {
  const path = join(source, 'disk.img');
  const file = await open(path, 'w');
  await file.truncate(170_000_001);
  for (let island = 0; island < 12; island++)
    await file.write(noise(island, 70_000), 0, 70_000, island ** 2 * 1_200_007);
  await file.close();
  const { repository } = await backUp(join(scratch.path, 'repository'), 2);
  const judge = restic({ repository: repository.store.location, passphrase: PASSPHRASE, scratch: scratch.path });
  const target = join(scratch.path, 'restored');
  await judge.restore('latest', target);
  expect((await readFile(join(target, path))).equals(await readFile(path))).toBe(true);
});

it('stores one version of a file that grows while it is read, or says that it kept changing', async () => {
  const path = join(source, 'growing.log');
  await writeFile(path, noise(1, 150_000_000));
  const timer = setInterval(() => appendFileSync(path, noise(2, 5000)), 20);
  const { repository, report } = await backUp(join(scratch.path, 'repository'), 2).finally(() => clearInterval(timer));
  expect(report.filesNew).toBe(1);
  const judge = restic({ repository: repository.store.location, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
  const target = join(scratch.path, 'restored');
  await judge.restore('latest', target);
  const restored = await readFile(join(target, path));
  // A log only grows: whatever was stored is a beginning of what is there now.
  expect(restored.equals((await readFile(path)).subarray(0, restored.length))).toBe(true);
  expect(restored.length).toBeGreaterThanOrEqual(150_000_000);
});
