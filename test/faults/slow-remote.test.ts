import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Run } from '../../main/api/contract/runs.ts';
import { type App, createApp } from '../../main/app/compose.ts';
import { nodePorts } from '../../main/app/node-ports.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The app with a disk and a WebDAV server behind a line of 50 kB/s. */

const THIN = { kind: 'thin', bytesPerSecond: 50_000 } as const;
const PASSPHRASE = 'a phrase for the tests';

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let proxy: FlakyProxy;
let app: App;
const before = process.env.RCLONE_CONFIG;

beforeEach(async () => {
  scratch = await temporaryFolder('slow-remote');
  remotes = await startRcloneRemotes(scratch.path, ['dav']);
  proxy = await startFlakyProxy(remotes.ports.dav);
  const config = await readFile(remotes.configFile, 'utf8');
  await writeFile(remotes.configFile, config.replaceAll(`:${remotes.ports.dav}`, `:${proxy.port}`));
  process.env.RCLONE_CONFIG = remotes.configFile;
  const home = join(scratch.path, 'home');
  app = await createApp(nodePorts(home), { home, life: 'once' });
});
afterEach(async () => {
  await app.close();
  await proxy.close();
  await remotes.close();
  if (before === undefined) delete process.env.RCLONE_CONFIG;
  else process.env.RCLONE_CONFIG = before;
  await scratch.remove();
});

/** Connections that exist keep the line that they began with, so they are broken first. */
function narrow(): void {
  proxy.set({ kind: 'down' });
  proxy.set(THIN);
}

it('stores on the disk at once while the remote is slow, and lets itself be cancelled there', async () => {
  const source = join(scratch.path, 'source');
  await mkdir(source);
  for (let n = 0; n < 4; n++) await writeFile(join(source, `file ${n}`), randomBytes(500_000));
  await app.setup.setPassphrase(PASSPHRASE);
  const place = join(scratch.path, 'disk');
  const disk = await app.destinations.add({ name: 'Disk', location: place });
  const cloud = await app.destinations.add({ name: 'Cloud', location: 'rclone:dav:copies' });
  await app.folders.add({ path: source });
  narrow();

  const startedAt = performance.now();
  const runs = await app.work.backUpNow({});
  const runAt = (id: string): Run => {
    const run = runs.find(({ destinationIds }) => destinationIds.some((one) => one === id));
    if (!run) throw new Error('no run for the destination');
    return run;
  };
  expect(await app.runs.ended(runAt(disk.id).id)).toMatchObject({ state: 'done', error: null });
  // The line alone needs 40 s for what is to be sent.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(app.runs.get(runAt(cloud.id).id)).toMatchObject({ state: 'running' });
  await restic({ repository: place, passphrase: PASSPHRASE, scratch: scratch.path }).check('--read-data');
  await expect.poll(() => app.runs.get(runAt(cloud.id).id).progress?.bytesDone).toBeGreaterThan(0);

  const cancelledAt = performance.now();
  app.runs.cancel(runAt(cloud.id).id);
  expect(await app.runs.ended(runAt(cloud.id).id)).toMatchObject({ state: 'cancelled' });
  expect(performance.now() - cancelledAt).toBeLessThan(8_000);

  // Nothing is left there that would hold up the next run.
  proxy.set({ kind: 'down' });
  proxy.set({ kind: 'clear' });
  const [again] = await app.work.backUpNow({ destinationIds: [cloud.id] });
  expect(await app.runs.ended(again?.id ?? '')).toMatchObject({ state: 'done', error: null });
  const far = { repository: 'rclone:dav:copies', passphrase: PASSPHRASE, scratch: scratch.path, env: remotes.env };
  await restic(far).check('--read-data');
});
