import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type App, createApp } from '../../main/app/compose.ts';
import { backupsDone } from '../support/backups-done.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { type ToldWatcher, toldWatcher } from '../support/told-watcher.ts';

/** Setting up the watches of a large folder takes longer than the scan with which the app begins. */

let scratch: TemporaryFolder;
let documents: string;
let app: App;
let watcher: ToldWatcher;

beforeEach(async () => {
  scratch = await temporaryFolder('late-watches');
  documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  await writeFile(join(documents, 'list'), 'one');
  watcher = toldWatcher();
  const ports = barePorts({ startProcess: watcher.startProcess });
  app = await createApp(ports, { home: join(scratch.path, 'home'), engine: quickEngine() });
  await app.settings.update({ quietSeconds: 1 });
  await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'copies') });
  await app.folders.add({ path: documents });
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

const stored = (count: number) => backupsDone(app, count);

it('what changed after the first scan and before the watches stood is stored', async () => {
  await stored(1);
  await writeFile(join(documents, 'list'), 'two, which nobody saw');
  watcher.tell({ kind: 'ready', root: documents });
  await stored(2);
  const { location } = app.destinations.records()[0] ?? { location: '' };
  const back = join(scratch.path, 'back');
  const judge = restic({ repository: location, passphrase: 'a passphrase', scratch: scratch.path });
  await judge.restore('latest', back);
  expect(await readFile(join(back, documents, 'list'), 'utf8')).toBe('two, which nobody saw');
});

it('a scan that waits when the watches stand serves for that', async () => {
  watcher.tell({ kind: 'ready', root: documents });
  await stored(1);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await stored(1);
});
