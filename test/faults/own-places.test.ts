import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createApp } from '../../main/app/compose.ts';
import { startNodeProcess } from '../../main/app/node-process.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Copies and state that lie in a protected folder are neither backed up nor taken for changes, whatever their names. */

it('goes quiet with its state and its copies in the folder: through a link, through rclone, and added later', async () => {
  const scratch = await temporaryFolder('own-places');
  const documents = join(scratch.path, 'Documents');
  const link = join(scratch.path, 'link');
  await mkdir(documents);
  await symlink(documents, link);
  await writeFile(join(documents, 'letter'), 'dear');
  const app = await createApp(barePorts({ startProcess: startNodeProcess }), {
    home: join(link, '.state'),
    engine: quickEngine(),
  });
  const backups = () => app.runs.list({ kinds: ['backup'] });
  const quiet = async (): Promise<void> => {
    const isQuiet = async () => {
      const before = backups().length;
      await wait(4000);
      return backups().length === before && app.runs.open().length === 0;
    };
    await expect.poll(isQuiet, { timeout: 30_000 }).toBe(true);
  };
  try {
    await app.settings.update({ quietSeconds: 1 });
    const places = [join(link, 'linked'), `rclone:${join(documents, 'by rclone')}`];
    for (const location of places) await app.destinations.add({ name: location, location });
    const { id } = await app.folders.add({ path: documents });
    await quiet();
    const later = join(documents, 'later', 'copies');
    await app.destinations.add({ name: 'later', location: later });
    await app.folders.update({ id, destinationIds: app.destinations.records().map((one) => one.id) });
    await quiet();
    expect(new Set(backups().map(({ state }) => state))).toEqual(new Set(['done']));
    const judge = restic({ repository: later, passphrase: 'a passphrase', scratch: scratch.path });
    const { stdout } = await judge.run('ls', 'latest', '--quiet');
    const below = stdout.split('\n').filter((path) => path.startsWith(`${documents}/`));
    expect(below.sort()).toEqual(['later', 'letter'].map((name) => join(documents, name)));
    await writeFile(join(documents, 'letter'), 'dear aunt');
    const count = backups().length;
    await expect.poll(() => backups().length, { timeout: 10_000 }).toBeGreaterThan(count);
    await quiet();
  } finally {
    await app.close();
    await scratch.remove();
  }
});
