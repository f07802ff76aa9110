import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../../main/app/compose.ts';
import { barePorts } from '../../support/bare-ports.ts';
import { quickEngine } from '../../support/engine.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('says which destinations the recovery page that was saved does not tell of', async () => {
  const scratch = await temporaryFolder('kit-lacks');
  let now = Date.parse('2026-01-01T00:00:00Z');
  const ports = barePorts({ clock: { now: () => (now += 1000) } });
  const app = await createApp(ports, { home: join(scratch.path, 'home'), life: 'once', engine: quickEngine() });
  const lacks = async () => (await app.system.info()).setup.recoveryKitLacks;
  try {
    await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'disk') });
    expect(await lacks()).toEqual([]);
    await app.setup.recoveryKitSaved();
    await app.destinations.add({ name: 'Cloud', location: join(scratch.path, 'cloud') });
    expect(await lacks()).toEqual(['Cloud']);
    await app.setup.recoveryKitSaved();
    expect(await lacks()).toEqual([]);
  } finally {
    await app.close();
    await scratch.remove();
  }
});
