import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../main/api/contract/destinations.ts';
import type { Folder } from '../../main/api/contract/folders.ts';
import { type Connection, connect, waitForRun } from '../../main/cli/app/connection.ts';
import { type Serving, serve } from '../../main/headless.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The history while no destination can be reached, and after the catalog's file is gone. */

let scratch: TemporaryFolder;
let serving: Serving;
let app: Connection;
let home: string;
let disk: Destination;
let folder: Folder;

beforeAll(async () => {
  scratch = await temporaryFolder('history-away');
  home = join(scratch.path, 'home');
  await mkdir(join(scratch.path, 'Documents', 'letters'), { recursive: true });
  await mkdir(join(scratch.path, 'disk'));
  await writeFile(join(scratch.path, 'Documents', 'letters', 'Été à Łódź.txt'), 'one');
  await writeFile(join(scratch.path, 'Documents', 'kept.txt'), 'kept');
  await begin();
});

afterAll(async () => {
  await serving?.close();
  await scratch?.remove();
});

async function begin(): Promise<void> {
  serving = await serve({ home, browser: 'leave' });
  app = await connect(home);
}

async function backUp(): Promise<void> {
  const { runs } = await app.call('runs.backup', {});
  for (const { id } of runs) {
    const run = await waitForRun(app, id, () => undefined, new AbortController().signal);
    expect(run.state).toBe('done');
  }
}

async function expectHistory(): Promise<void> {
  const { hits } = await app.call('history.search', { text: 'lodz', deletedOnly: true });
  expect(hits).toMatchObject([{ path: 'letters/Été à Łódź.txt', existsNow: false, versions: 2 }]);
  const [hit] = hits;
  if (!hit) throw new Error('not found');
  const versions = await app.call('history.versions', { folderId: folder.id, key: hit.key });
  expect(versions.map(({ destinationIds, size }) => ({ destinationIds, size }))).toEqual([
    { destinationIds: [disk.id], size: 7 },
    { destinationIds: [disk.id], size: 3 },
  ]);
  const { entries } = await app.call('history.browse', { folderId: folder.id, momentId: hit.momentId });
  expect(entries.map(({ name }) => name)).toEqual(['letters', 'kept.txt']);
  const { moments } = await app.call('history.moments', { folderId: folder.id });
  expect(moments[0]?.copies.map(({ destinationId }) => destinationId)).toEqual([disk.id]);
}

describe('the history', () => {
  it('answers while every destination is away, and says where a restore would find it', async () => {
    await app.call('setup.setPassphrase', { passphrase: 'correct horse battery' });
    disk = await app.call('destinations.add', {
      name: 'Disk',
      location: join(scratch.path, 'disk', 'copies'),
      kind: 'external',
    });
    folder = await app.call('folders.add', { path: join(scratch.path, 'Documents') });
    await app.call('settings.update', { paused: true });
    await backUp();
    const file = join(folder.path, 'letters', 'Été à Łódź.txt');
    await writeFile(file, 'one two');
    await backUp();
    await rm(file);
    await backUp();
    await expectHistory();

    await rename(join(scratch.path, 'disk'), join(scratch.path, 'unplugged'));
    await app.call('destinations.test', { id: disk.id }).catch(() => undefined);
    const found = await app.call('destinations.list', {});
    expect(found[0]?.state).toBe('away');
    await expectHistory();
    const wish = { folderId: folder.id, momentId: 'latest', keys: [], existing: 'skip' as const };
    await expect(app.call('restore.plan', { ...wish, target: { kind: 'original' } })).rejects.toMatchObject({
      code: 'store/unreachable',
      message: expect.stringContaining('Disk'),
    });
  });

  it('answers from the start on, before any destination is there', async () => {
    await serving.close();
    await begin();
    await expectHistory();
    expect((await stat(join(home, 'catalog.db'))).mode & 0o777).toBe(0o600);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
  });

  it('is built again from the destination when its file is damaged', async () => {
    await serving.close();
    await writeFile(join(home, 'catalog.db'), Buffer.alloc(100_000, 'damage'));
    await rename(join(scratch.path, 'unplugged'), join(scratch.path, 'disk'));
    await begin();
    await expect
      .poll(async () => (await app.call('destinations.list', {}))[0]?.state, { timeout: 30_000 })
      .toBe('ready');
    await expectHistory();
  });
});
