import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../../main/app/compose.ts';
import { barePorts } from '../../support/bare-ports.ts';
import { quickEngine } from '../../support/engine.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { toldWatcher } from '../../support/told-watcher.ts';

it('says that backups wait for the mains, and that a folder is missing also while they are paused', async () => {
  const scratch = await temporaryFolder('paused');
  const root = join(scratch.path, 'Documents');
  await mkdir(root);
  const watcher = toldWatcher();
  let source: 'battery' | 'mains' = 'mains';
  const power = { source: () => source, onResume: () => () => undefined };
  const ports = barePorts({ startProcess: watcher.startProcess, power });
  const app = await createApp(ports, { home: join(scratch.path, 'home'), engine: quickEngine() });
  const watch = () => app.folders.list()[0]?.watch;
  try {
    await app.folders.add({ path: root });
    watcher.tell({ kind: 'ready', root });
    source = 'battery';
    expect(watch()).toMatchObject({ state: 'watching' });
    await app.settings.update({ pauseOnBattery: true });
    expect(watch()).toMatchObject({ state: 'paused', reason: expect.stringContaining('plugged in') });
    await app.settings.update({ paused: true });
    watcher.tell({ kind: 'missing', root, reason: 'It is gone.' });
    expect(watch()).toMatchObject({ state: 'missing', reason: 'It is gone.' });
    expect(app.folders.list()[0]?.rule.copies.have).toBe(0);
  } finally {
    await app.close();
    await scratch.remove();
  }
});
