import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type App, createApp } from '../../main/app/compose.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Remotes of rclone that stand on a folder of this computer. */

let scratch: TemporaryFolder;
let app: App;
let disk: string;
let location: string;

beforeEach(async () => {
  scratch = await temporaryFolder('local-remotes');
  disk = join(scratch.path, 'disk');
  location = join(disk, 'copies');
  await mkdir(disk);
  const configuration = join(scratch.path, 'rclone.conf');
  await writeFile(
    configuration,
    `[stick]\ntype = local\n[cloud]\ntype = alias\nremote = stick:${disk}\n[server]\ntype = webdav\nurl = http://127.0.0.1:1\n`,
  );
  vi.stubEnv('RCLONE_CONFIG', configuration);
  app = await createApp(barePorts(), {
    home: join(scratch.path, 'home'),
    life: 'once',
    engine: quickEngine(),
  });
  await app.destinations.add({ name: 'Disk', location });
});
afterEach(async () => {
  await app.close();
  vi.unstubAllEnvs();
  await scratch.remove();
});

it.each(['rclone::local:', 'rclone:cloud:'])('are refused as another copy of a folder: %s', async (remote) => {
  const other = { name: 'Other', location: remote === 'rclone:cloud:' ? `${remote}copies` : `${remote}${location}` };
  await expect(app.destinations.add(other)).rejects.toMatchObject({ code: 'app/same-place' });
  expect(app.destinations.list().map(({ name }) => name)).toEqual(['Disk']);
});

it('are of the kind of the disk on which they lie, whatever rclone calls them', async () => {
  const fresh = (name: string) => ({ name, location: `rclone:cloud:${name}` });
  expect(await app.destinations.add(fresh('by-alias'))).toMatchObject({ kind: 'internal', offsite: false });
  // As the interface says of every remote whose type it does not know for a server's.
  const byScreen = { ...fresh('by-screen'), kind: 'cloud', offsite: true } as const;
  expect(await app.destinations.add(byScreen)).toMatchObject({ kind: 'internal', offsite: false });
  const byType = { name: 'by type', location: `rclone:stick:${join(disk, 'by-type')}`, kind: 'network' } as const;
  expect(await app.destinations.add(byType)).toMatchObject({ kind: 'internal', offsite: false });
  const byPath = { name: 'by path', location: `rclone:${join(disk, 'by-path')}` };
  expect(await app.destinations.add(byPath)).toMatchObject({ kind: 'internal', offsite: false });
});
