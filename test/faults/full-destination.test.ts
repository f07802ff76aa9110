import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createApp } from '../../main/app/compose.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { toldWatcher } from '../support/told-watcher.ts';

/** More than the pause between two looks at a disk. */
const LOOK_MS = 16_000;

it('a full disk is not tried anew at every look, but as soon as there is room', async ({ skip }) => {
  const scratch = await temporaryFolder('full-destination');
  const disk = await mountSmallDisk(join(scratch.path, 'disk'), '8m');
  if ('reason' in disk) {
    await scratch.remove();
    return skip(disk.reason);
  }
  const documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  await writeFile(join(documents, 'letter'), 'dear');
  let ahead = 0;
  const watcher = toldWatcher();
  const ports = barePorts({
    clock: { now: () => Date.now() + ahead },
    startProcess: watcher.startProcess,
  });
  const app = await createApp(ports, { home: join(scratch.path, 'home'), engine: quickEngine() });
  const states = () => app.runs.list({ kinds: ['backup'] }).map(({ state }) => state);
  const reach = (...wanted: readonly string[]) => expect.poll(states, { timeout: 20_000 }).toEqual(wanted);
  const lookAgain = async (): Promise<void> => {
    ahead += LOOK_MS;
    await expect.poll(() => app.destinations.list()[0]?.state, { timeout: 10_000 }).toBe('ready');
    await wait(2500);
  };
  try {
    await app.settings.update({ quietSeconds: 1 });
    await app.destinations.add({ name: 'Disk', location: join(disk.path, 'copies') });
    await app.folders.add({ path: documents });
    await reach('done');
    await disk.fill();
    await writeFile(join(documents, 'letter'), 'dear aunt');
    watcher.tell({ kind: 'dirty', root: documents, directories: [documents] });
    await reach('failed', 'done');
    for (let looks = 0; looks < 2; looks++) await lookAgain();
    expect(states()).toEqual(['failed', 'done']);
    expect(app.folders.list()[0]?.copies[0]).toMatchObject({ state: 'behind' });
    await disk.makeRoom();
    await lookAgain();
    await reach('done', 'failed', 'done');
    expect(app.folders.list()[0]?.copies[0]).toMatchObject({ state: 'good' });
  } finally {
    await app.close();
    await disk.unmount();
    await scratch.remove();
  }
});
