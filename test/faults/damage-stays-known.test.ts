import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Run } from '../../main/api/contract/runs.ts';
import type { DestinationId } from '../../main/api/contract/values.ts';
import { type App, createApp } from '../../main/app/compose.ts';
import type { CallInput, Engine, EngineFinding } from '../../main/app/engine-link/calls.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { type FolderOnDisk, folderOnDisk } from '../support/folder-on-disk.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let disk: FolderOnDisk;
let app: App;
let id: DestinationId;
beforeEach(async () => {
  scratch = await temporaryFolder('damage');
  disk = await folderOnDisk(scratch.path, { film: randomBytes(100_000) });
  app = disk.app;
  id = disk.destinationId;
  await disk.backUp();
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

async function spoil(): Promise<void> {
  const packs = await readdir(join(disk.location, 'data'), { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of packs.filter((one) => one.isFile())) {
    const path = join(parentPath, name);
    const bytes = await readFile(path);
    if (bytes.length > 50_000) await writeFile(path, bytes.with(30_000, (bytes[30_000] ?? 0) ^ 1));
  }
}

function plan() {
  const [folder] = app.folders.list();
  return app.restores.plan({
    folderId: folder?.id ?? ('' as never),
    momentId: 'latest',
    keys: [],
    target: { kind: 'directory', path: join(scratch.path, 'back') },
    existing: 'replace',
  });
}

it('damage that a person meets in a restore is known from then on', async () => {
  await spoil();
  const { planId } = await plan();
  expect(await app.runs.ended(app.restores.start(planId).id)).toMatchObject({ state: 'partial' });
  expect(disk.state()).toBe('damaged');
  expect((await app.runs.ended(app.work.check(id, 'structure', 'person').id)).state).toBe('partial');
  expect(disk.state()).toBe('damaged');
});

it('damage that a restore has met is not cleared by a check that reads nothing', async () => {
  const ended = ({ id: run }: Run) => app.runs.ended(run);
  expect(disk.state()).toBe('good');

  const packs = await readdir(join(disk.location, 'data'), { recursive: true, withFileTypes: true });
  const paths = packs.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const contents = await Promise.all(paths.map((path) => readFile(path)));
  const at = contents.findIndex(({ length }) => length > 50_000);
  const [path = '', whole = Buffer.alloc(0)] = [paths[at], contents[at]];
  await writeFile(path, whole.with(30_000, (whole[30_000] ?? 0) ^ 1));
  expect((await ended(app.work.drill(id, 'person'))).state).toBe('failed');
  expect(disk.state()).toBe('damaged');

  const check = await ended(app.work.check(id, 'structure', 'person'));
  expect(check.report?.findings).toMatchObject([{ code: 'check/unread' }]);
  expect(disk.state()).toBe('damaged');

  expect((await ended(app.work.check(id, 'read-data', 'person'))).state).toBe('failed');
  await writeFile(path, whole);
  await ended(app.work.check(id, 'structure', 'person'));
  expect(disk.state()).toBe('damaged');
  expect((await ended(app.work.check(id, 'read-data', 'person'))).state).toBe('done');
  expect(disk.state()).toBe('good');
});

it('what is damaged is not lost among hundreds of notes, and such a check clears nothing', async () => {
  await spoil();
  // What a run leaves that was killed before it wrote its index.
  for (let one = 0; one < 250; one++) {
    const name = randomBytes(32).toString('hex');
    await writeFile(join(disk.location, 'data', name.slice(0, 2), name), 'left over');
  }
  const check = await app.runs.ended(app.work.check(id, 'read-data', 'person').id);
  expect(check).toMatchObject({ state: 'failed', error: { code: 'repo/damaged' } });
  expect(check.report?.findings[0]?.level).toBe('error');
  expect(disk.state()).toBe('damaged');
});

it('what a version lacks that another program removes in the middle of a restore is no damage', async () => {
  await app.close();
  const judge = restic({ repository: disk.location, passphrase: 'a passphrase', scratch: scratch.path });
  const text = 'Content is missing.';
  const missing: EngineFinding = { level: 'error', code: 'restore/missing', text, path: '/film' };
  const engine = quickEngine();
  const call = (async (name: 'restore', ...rest: [CallInput<'restore'>]) => {
    if (name !== ('restore' as string)) return engine.call(name, ...rest);
    await judge.run('forget', rest[0].snapshotId);
    return { filesRestored: 0, bytesRestored: 0, findings: [missing], moreFindings: 0 };
  }) as Engine['call'];
  const home = join(scratch.path, 'home');
  app = await createApp(barePorts(), { home, life: 'once', engine: { call, close: () => engine.close() } });
  const { planId } = await plan();
  expect(await app.runs.ended(app.restores.start(planId).id)).toMatchObject({ state: 'partial' });
  expect(app.destinations.list()[0]).toMatchObject({ state: 'ready', problem: null });
});
