import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Run } from '../../main/api/contract/runs.ts';
import { createApp } from '../../main/app/compose.ts';
import { EngineService } from '../../main/app/engine-link/engine-service.ts';
import { barePorts } from '../support/bare-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('damage that a restore has met is not cleared by a check that reads nothing', async () => {
  const scratch = await temporaryFolder('damage');
  const location = join(scratch.path, 'copies');
  const documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  await writeFile(join(documents, 'film'), randomBytes(100_000));
  const home = join(scratch.path, 'home');
  const app = await createApp(barePorts(), { home, life: 'once', engine: new EngineService() });
  try {
    const { id } = await app.destinations.add({ name: 'Disk', location });
    await app.folders.add({ path: documents });
    const ended = ({ id: run }: Run) => app.runs.ended(run);
    const state = () => app.folders.list()[0]?.copies[0]?.state;
    const [backup] = await app.work.backUpNow({});
    if (backup) await ended(backup);
    expect(state()).toBe('good');

    const packs = await readdir(join(location, 'data'), { recursive: true, withFileTypes: true });
    const paths = packs.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    const contents = await Promise.all(paths.map((path) => readFile(path)));
    const at = contents.findIndex(({ length }) => length > 50_000);
    const [path = '', whole = Buffer.alloc(0)] = [paths[at], contents[at]];
    await writeFile(path, whole.with(30_000, (whole[30_000] ?? 0) ^ 1));
    expect((await ended(app.work.drill(id, 'person'))).state).toBe('failed');
    expect(state()).toBe('damaged');

    const check = await ended(app.work.check(id, 'structure', 'person'));
    expect(check.report?.findings).toMatchObject([{ code: 'check/unread' }]);
    expect(state()).toBe('damaged');

    expect((await ended(app.work.check(id, 'read-data', 'person'))).state).toBe('failed');
    await writeFile(path, whole);
    await ended(app.work.check(id, 'structure', 'person'));
    expect(state()).toBe('damaged');
    expect((await ended(app.work.check(id, 'read-data', 'person'))).state).toBe('done');
    expect(state()).toBe('good');
  } finally {
    await app.close();
    await scratch.remove();
  }
});

it('what is damaged is not lost among hundreds of notes, and such a check clears nothing', async () => {
  const scratch = await temporaryFolder('damage-in-notes');
  const location = join(scratch.path, 'copies');
  const documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  await writeFile(join(documents, 'film'), randomBytes(100_000));
  const home = join(scratch.path, 'home');
  const app = await createApp(barePorts(), { home, life: 'once', engine: new EngineService() });
  try {
    const { id } = await app.destinations.add({ name: 'Disk', location });
    await app.folders.add({ path: documents });
    const [backup] = await app.work.backUpNow({});
    if (backup) await app.runs.ended(backup.id);
    const packs = await readdir(join(location, 'data'), { recursive: true, withFileTypes: true });
    for (const { parentPath, name } of packs.filter((one) => one.isFile())) {
      const path = join(parentPath, name);
      const bytes = await readFile(path);
      if (bytes.length > 50_000) await writeFile(path, bytes.with(30_000, (bytes[30_000] ?? 0) ^ 1));
    }
    // What a run leaves that was killed before it wrote its index.
    for (let one = 0; one < 250; one++) {
      const name = randomBytes(32).toString('hex');
      await writeFile(join(location, 'data', name.slice(0, 2), name), 'left over');
    }
    const check = await app.runs.ended(app.work.check(id, 'read-data', 'person').id);
    expect(check).toMatchObject({ state: 'failed', error: { code: 'repo/damaged' } });
    expect(check.report?.findings[0]?.level).toBe('error');
    expect(app.folders.list()[0]?.copies[0]?.state).toBe('damaged');
  } finally {
    await app.close();
    await scratch.remove();
  }
});
