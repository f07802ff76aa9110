import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type App, createApp } from '../../main/app/compose.ts';
import { backupsDone, backupsOf } from '../support/backups-done.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { type ToldWatcher, toldWatcher } from '../support/told-watcher.ts';

/** The app knows what changed since its own newest version, not since one that another program has stored or left there. */

const passphrase = 'a passphrase';
let scratch: TemporaryFolder;
let documents: string;
let judge: Restic;
let app: App;
let watcher: ToldWatcher;

beforeEach(async () => {
  scratch = await temporaryFolder('foreign-parent');
  documents = join(scratch.path, 'Documents');
  const location = join(scratch.path, 'copies');
  judge = restic({ repository: location, passphrase, scratch: scratch.path });
  await mkdir(join(documents, 'letters'), { recursive: true });
  await writeFile(join(documents, 'list'), 'one');
  await writeFile(join(documents, 'letters', 'aunt'), 'dear aunt');
  watcher = toldWatcher();
  const ports = barePorts({
    startProcess: watcher.startProcess,
  });
  app = await createApp(ports, { home: join(scratch.path, 'home'), engine: quickEngine() });
  await app.settings.update({ quietSeconds: 1 });
  await app.destinations.add({ name: 'Disk', location });
  await app.folders.add({ path: documents });
  await stored(1);
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

const backups = () => backupsOf(app);
const stored = (count: number) => backupsDone(app, count);

async function change(path: string, content: string, runs: number): Promise<void> {
  await writeFile(join(documents, path), content);
  watcher.tell({ kind: 'dirty', root: documents, directories: [join(documents, path, '..')] });
  await stored(runs);
}

async function isWhole(): Promise<void> {
  const id = backups()[0]?.report?.snapshots[0]?.snapshotId ?? '';
  const target = join(scratch.path, 'back');
  await judge.restore(id, target);
  for (const path of ['list', 'letters/aunt'])
    expect(await readFile(join(target, documents, path), 'utf8')).toBe(await readFile(join(documents, path), 'utf8'));
}

it('a backup by restic that leaves something out takes nothing out of the next run of changes', async () => {
  await judge.backup([documents], '--exclude', 'aunt');
  await change('list', 'two', 2);
  await isWhole();
});

it('a version that restic has forgotten does not bring an older one back in the next run of changes', async () => {
  await change('letters/aunt', 'dear aunt, in place', 2);
  await judge.run('forget', backups()[0]?.report?.snapshots[0]?.snapshotId ?? '');
  await change('list', 'two', 3);
  await isWhole();
});
