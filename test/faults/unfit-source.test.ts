import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type App, createApp } from '../../main/app/compose.ts';
import { describeFolder } from '../../main/cli/app/status.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A folder of which nothing can be stored, for whatever reason: its copies do not count as good. */

let scratch: TemporaryFolder;
let documents: string;
let app: App;

beforeEach(async () => {
  scratch = await temporaryFolder('unfit-source');
  documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  for (const name of ['one', 'two']) await writeFile(join(documents, name), name);
  app = await createApp(barePorts(), { home: join(scratch.path, 'home'), life: 'once', engine: quickEngine() });
  await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'copies') });
  await app.folders.add({ path: documents });
  expect((await backUp()).state).toBe('done');
  expect(copy()?.state).toBe('good');
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

const backUp = async () => app.runs.ended((await app.work.backUpNow({}))[0]?.id ?? '');
const copy = () => app.folders.list()[0]?.copies[0];

it.each([
  ['.nobackup', ''],
  ['CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55'],
])('says so when a %s would leave nothing of it', async (name, content) => {
  await writeFile(join(documents, name), content);
  expect(await backUp()).toMatchObject({ state: 'failed', error: { code: 'source/nothing-left' } });
  expect(copy()).toMatchObject({ state: 'behind', reason: expect.stringContaining(name) });
  await rm(join(documents, name));
  expect((await backUp()).state).toBe('done');
  expect(copy()?.state).toBe('good');
});

it('does not count versions from which every file is excluded', async () => {
  const { id = '' as never } = app.folders.list()[0] ?? {};
  await app.folders.update({ id, excludes: [join(documents, '*')] });
  await backUp();
  expect(copy()).toMatchObject({ state: 'behind', reason: 'The exclusions leave out every file of the folder.' });
  const [folder] = app.folders.list();
  expect(folder && describeFolder(folder, [])).toContain('  2 files or folders are left out by the exclusions');
  await app.folders.update({ id, excludes: [] });
  await backUp();
  expect(copy()?.state).toBe('good');
});

it('is not made of a protected folder by a destination above it', async () => {
  const above = app.destinations.add({ name: 'Above', location: scratch.path });
  await expect(above).rejects.toMatchObject({ code: 'app/invalid', message: expect.stringContaining(documents) });
  expect(await readdir(scratch.path)).not.toContain('config');
  expect((await backUp()).state).toBe('done');
});
