import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../main/api/contract/destinations.ts';
import type { Folder } from '../../main/api/contract/folders.ts';
import { findRunning } from '../../main/app/single-instance.ts';
import { type Connection, connect, waitForRun } from '../../main/cli/app/connection.ts';
import { type Serving, serve } from '../../main/headless.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The main job through the browser host's API: real folders, a local disk and an rclone remote, real processes. */

const PASSPHRASE = 'correct horse battery';
let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let serving: Serving;
let app: Connection;
let documents: string;
let disk: Destination;
let cloud: Destination;
let folder: Folder;
const before = process.env.RCLONE_CONFIG;

beforeAll(async () => {
  scratch = await temporaryFolder('main-job');
  remotes = await startRcloneRemotes(scratch.path, ['dav']);
  process.env.RCLONE_CONFIG = remotes.configFile;
  documents = join(scratch.path, 'Documents');
  await mkdir(join(documents, 'letters'), { recursive: true });
  await mkdir(join(scratch.path, 'disk'));
  await writeFile(join(documents, 'letters', 'first.txt'), 'the first letter');
  await writeFile(join(documents, 'notes.txt'), 'notes');
  serving = await serve({ home: join(scratch.path, 'home'), browser: 'leave' });
  app = await connect(join(scratch.path, 'home'));
});

afterAll(async () => {
  await serving?.close();
  await remotes?.close();
  if (before === undefined) delete process.env.RCLONE_CONFIG;
  else process.env.RCLONE_CONFIG = before;
  await scratch?.remove();
});

async function backUp(): Promise<void> {
  const { runs } = await app.call('runs.backup', {});
  for (const { id } of runs) {
    const run = await waitForRun(app, id, () => undefined, new AbortController().signal);
    expect(run.error).toBeNull();
    expect(run.state).toBe('done');
  }
}

async function until<T>(look: () => Promise<T | undefined>, seconds = 40): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function current(): Promise<Folder> {
  const [found] = await app.call('folders.list', {});
  if (!found) throw new Error('no folder');
  return found;
}

describe('the main job', () => {
  it('protects a folder at two destinations: three copies', async () => {
    await app.call('setup.setPassphrase', { passphrase: PASSPHRASE });
    disk = await app.call('destinations.add', {
      name: 'Disk',
      location: join(scratch.path, 'disk', 'copies'),
      kind: 'external',
    });
    const elsewhere = { kind: 'cloud', offsite: true } as const;
    cloud = await app.call('destinations.add', { name: 'Cloud', location: 'rclone:dav:copies', ...elsewhere });
    folder = await app.call('folders.add', { path: documents });
    await backUp();
    const { rule, copies } = await current();
    expect(copies.map(({ state }) => state)).toEqual(['good', 'good']);
    expect(rule).toMatchObject({ satisfied: true, copies: { have: 3 }, kinds: { have: 3 }, offsite: { have: 1 } });
  });

  it('stores a change by itself soon after it is quiet', async () => {
    await app.call('settings.update', { quietSeconds: 1 });
    await until(async () => ((await current()).watch.state === 'watching' ? true : undefined));
    const earlier = (await app.call('history.moments', { folderId: folder.id })).total;
    await writeFile(join(documents, 'letters', 'first.txt'), 'the first letter, changed');
    await rename(join(documents, 'notes.txt'), join(documents, 'renamed.txt'));
    await until(async () => {
      const { moments } = await app.call('history.moments', { folderId: folder.id });
      return moments.length > earlier && moments[0]?.copies.length === 2 ? true : undefined;
    });
    const run = (await app.call('runs.list', { kinds: ['backup'] })).find(({ cause }) => cause === 'change');
    expect(run?.report?.filesChanged).toBe(1);
  });

  it('finds a deleted file and restores it, byte for byte', async () => {
    const path = join(documents, 'letters', 'first.txt');
    const content = await readFile(path);
    await rm(path);
    await backUp();
    const { hits } = await app.call('history.search', { text: 'FIRST', deletedOnly: true });
    expect(hits).toMatchObject([{ path: 'letters/first.txt', existsNow: false, versions: 2 }]);
    const [hit] = hits;
    if (!hit) throw new Error('not found');
    for (const from of [disk, cloud]) {
      const plan = await app.call('restore.plan', {
        folderId: folder.id,
        momentId: hit.momentId,
        keys: [hit.key],
        from: from.id,
        target: { kind: 'original' },
        existing: 'skip',
      });
      expect(plan).toMatchObject({ create: 1, replace: 0, from: { name: from.name } });
      const { id } = await app.call('restore.start', { planId: plan.planId });
      expect((await waitForRun(app, id, () => undefined, new AbortController().signal)).state).toBe('done');
      expect(await readFile(path)).toEqual(content);
      await rm(path);
    }
    const preview = await app.call('history.preview', { folderId: folder.id, momentId: hit.momentId, key: hit.key });
    expect(preview).toEqual({ kind: 'text', text: 'the first letter, changed', truncated: false });
  });

  it('sees a destination that is away, and brings it up to date when it is back', async () => {
    const place = join(scratch.path, 'disk', 'copies');
    await rename(place, `${place}-unplugged`);
    await app.call('destinations.test', { id: disk.id });
    const gone = await until(async () => {
      const now = await current();
      return now.copies[0]?.state === 'away' ? now : undefined;
    });
    expect(gone.rule.satisfied).toBe(false);
    expect(gone.rule.missing[0]?.fix).toEqual({ action: 'reconnect', destinationId: disk.id });
    await writeFile(join(documents, 'while-away.txt'), 'written while the disk was away');
    await until(async () => ((await current()).copies[1]?.state === 'good' ? true : undefined));
    await rename(`${place}-unplugged`, place);
    await app.call('destinations.test', { id: disk.id });
    await until(async () => {
      const { hits } = await app.call('history.search', { text: 'while-away' });
      const [version] = hits[0] ? await app.call('history.versions', { folderId: folder.id, key: hits[0].key }) : [];
      return version?.destinationIds.includes(disk.id) ? true : undefined;
    });
    await until(async () => ((await current()).activeRun === null ? true : undefined));
    expect((await current()).rule.copies.have).toBe(3);
  });

  it('leaves repositories that restic checks, and one process in the state folder', async () => {
    await expect(serve({ home: join(scratch.path, 'home'), browser: 'leave' })).rejects.toMatchObject({
      code: 'app/already-running',
    });
    await serving.close();
    expect(await findRunning(join(scratch.path, 'home'))).toBeUndefined();
    for (const repository of [join(scratch.path, 'disk', 'copies'), 'rclone:dav:copies']) {
      await restic({ repository, passphrase: PASSPHRASE, scratch: scratch.path, env: remotes.env }).check(
        '--read-data',
      );
    }
  });
});
