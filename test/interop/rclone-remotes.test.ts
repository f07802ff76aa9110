import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemHost } from '../../main/app/engine-host.ts';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import { backup, createRepository, listSnapshots, openRepository } from '../../main/engine/engine.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PASSPHRASE = 'remote and secret';
const CHEAP_SCRYPT = { N: 1024, r: 8, p: 1 };

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let source: string;
beforeAll(async () => {
  scratch = await temporaryFolder('rclone-interop');
  remotes = await startRcloneRemotes(scratch.path);
  source = join(scratch.path, 'source');
  for (let folder = 0; folder < 5; folder++) {
    await mkdir(join(source, `folder ${folder}`), { recursive: true });
    for (let file = 0; file < 20; file++) {
      await writeFile(join(source, `folder ${folder}`, `${file}.txt`), `${folder} ${file} `.repeat(50 * file));
    }
  }
});
afterAll(async () => {
  await remotes.close();
  await scratch.remove();
});

const open = (location: string) =>
  openStore(location, { clock: systemClock, variables: { ...process.env, ...remotes.env } });
const judge = (repository: string) =>
  restic({ repository, passphrase: PASSPHRASE, scratch: scratch.path, env: remotes.env });

it.each(['my cloud:deep/ours', 'sftp:deep/ours', 'dav:'])(
  'restic finds nothing wrong with what we wrote to %s, and adds nothing to it',
  async (place) => {
    const location = `rclone:${place}`;
    const store = await open(location);
    const repository = await createRepository(store, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT }, systemHost());
    const report = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
    expect(report.results[0]?.error).toBeUndefined();
    await store.close();
    const stock = judge(location);
    await stock.check('--read-data');
    expect(await stock.backup([source])).toMatchObject({ files_new: 0, files_changed: 0, data_blobs: 0 });
  },
);

it('we read what restic wrote to a remote', async () => {
  const location = 'rclone:dav:theirs';
  const stock = judge(location);
  await stock.init();
  const { snapshot_id } = await stock.backup([source]);
  const store = await open(location);
  const repository = await openRepository(store, { passphrase: PASSPHRASE }, systemHost());
  const { snapshots, unreadable } = await listSnapshots(repository);
  expect(unreadable).toEqual([]);
  expect(snapshots.map(({ id }) => id.slice(0, snapshot_id.length))).toEqual([snapshot_id]);
  await store.close();
});
