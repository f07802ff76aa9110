import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { quickEngine } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A proof must fail where a restore would, and cost little where nothing is wrong. */

const ALL = { files: 500, bytes: 1_000_000_000 };
const engine = quickEngine();
const folders: TemporaryFolder[] = [];
let root: string;
let repository: { location: string; passphrase: string };
let snapshotId: string;
let scratch: string;

beforeEach(async () => {
  const folder = await temporaryFolder('proof');
  folders.push(folder);
  root = join(folder.path, 'Documents');
  scratch = join(folder.path, 'scratch');
  repository = { location: join(folder.path, 'copies'), passphrase: 'correct horse battery' };
  await mkdir(join(root, 'letters', 'old'), { recursive: true });
  await mkdir(scratch);
  for (let number = 0; number < 30; number++) {
    await writeFile(join(root, number % 2 ? 'letters' : 'letters/old', `letter-${number}`), randomBytes(3_000));
  }
  await engine.call('create', { repository, like: null });
  const outcome = await engine.call('backup', {
    repositories: [repository],
    path: root,
    excludes: [],
    excludeLargerThan: null,
    markers: 'ignore',
    dirtyDirectories: null,
    scansFolder: null,
  });
  snapshotId = outcome.results[0]?.snapshotId ?? '';
});

afterAll(async () => {
  await engine.close();
  for (const folder of folders) await folder.remove();
});

function drill(sample = ALL) {
  return engine.call('drill', { repository, snapshotId, root, scratch, sample });
}

async function packs(): Promise<string[]> {
  const data = join(repository.location, 'data');
  const names = await readdir(data, { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('a proof', () => {
  it('restores all of a small folder and leaves nothing behind', async () => {
    expect(await drill()).toEqual({ filesRestored: 30, bytesRestored: 90_000, findings: [], moreFindings: 0 });
    expect(await readdir(scratch)).toEqual([]);
  });

  it('restores a sample of a larger one', async () => {
    const { filesRestored, findings } = await drill({ files: 4, bytes: 9_500 });
    expect(findings).toEqual([]);
    expect(filesRestored).toBeGreaterThanOrEqual(1);
    expect(filesRestored).toBeLessThanOrEqual(3);
  });

  it('passes for a folder without files', async () => {
    await rm(join(root, 'letters'), { recursive: true });
    const outcome = await engine.call('backup', {
      repositories: [repository],
      path: root,
      excludes: [],
      excludeLargerThan: null,
      markers: 'ignore',
      dirtyDirectories: null,
      scansFolder: null,
    });
    snapshotId = outcome.results[0]?.snapshotId ?? '';
    expect(await drill()).toMatchObject({ filesRestored: 0, findings: [] });
  });

  it('fails when a part of the copies is gone or cut', async () => {
    const [first = ''] = await packs();
    const bytes = await readFile(first);
    await rename(first, `${first}-away`);
    expect(await drill()).toMatchObject({ findings: [{ level: 'error', code: 'check/pack-missing' }] });
    await rm(`${first}-away`);
    await writeFile(first, bytes.subarray(0, bytes.length - 1));
    expect(await drill()).toMatchObject({ findings: [{ level: 'error', code: 'check/pack-size' }] });
  });

  it('fails when bytes have changed though every size is right', async () => {
    for (const pack of await packs()) {
      const bytes = await readFile(pack);
      for (let at = 0; at < bytes.length - 2_000; at += 500) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      await writeFile(pack, bytes, { mode: 0o600 }).catch(async () => {
        await rm(pack);
        await writeFile(pack, bytes);
      });
    }
    const { findings } = await drill();
    expect(findings[0]).toMatchObject({ level: 'error', code: 'restore/damaged' });
  });
});
