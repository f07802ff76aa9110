import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, check, prune, type Repository } from '../../main/engine/engine.ts';
import { newRepository } from '../support/engine.ts';
import { type FaultyServer, startFaultyServer } from '../support/http-faults.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A WebDAV server that says of one of the folders with packs, which it names itself, that it is not there. */

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let proxy: FaultyServer;
let repository: Repository;
let source: string;
let hidden: string;
const before = process.env.RCLONE_CONFIG;

beforeEach(async () => {
  scratch = await temporaryFolder('unlisted-folder');
  remotes = await startRcloneRemotes(scratch.path, ['dav']);
  proxy = await startFaultyServer(remotes.ports.dav);
  const config = (await readFile(remotes.configFile, 'utf8')).replaceAll(`:${remotes.ports.dav}`, `:${proxy.port}`);
  process.env.RCLONE_CONFIG = join(scratch.path, 'faulty.conf');
  await writeFile(process.env.RCLONE_CONFIG, config);
  source = join(scratch.path, 'source');
  await mkdir(source);
  await writeFile(join(source, 'file'), randomBytes(300_000));
  repository = await newRepository('rclone:dav:copies');
  expect((await run())?.snapshotId).toBeDefined();
  [hidden = ''] = await readdir(join(remotes.folders.dav, 'copies', 'data'));
});
afterEach(async () => {
  await repository.store.close();
  await proxy.close();
  await remotes.close();
  await scratch.remove();
  if (before === undefined) delete process.env.RCLONE_CONFIG;
  else process.env.RCLONE_CONFIG = before;
});

async function run() {
  const { results } = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  return results[0];
}

function hide(times: number): void {
  let shown = 0;
  proxy.set(({ method, path }) =>
    method === 'PROPFIND' && path.endsWith(`/data/${hidden}/`) && shown++ < times
      ? { kind: 'status', status: 404 }
      : { kind: 'pass' },
  );
}

it('takes no pack for missing, neither that one nor the others', async () => {
  hide(Number.POSITIVE_INFINITY);
  const incomplete = { code: 'store/list-incomplete' };
  await expect(repository.store.list('data')).rejects.toMatchObject(incomplete);
  await expect(check({ repository, read: 'structure' })).rejects.toMatchObject(incomplete);
  await expect(prune({ repository, mode: 'prune' })).rejects.toMatchObject(incomplete);
  await writeFile(join(source, 'another'), 'content');
  await expect(run()).rejects.toMatchObject(incomplete);
  expect(proxy.met()).toBeGreaterThan(0);
  proxy.set(() => ({ kind: 'pass' }));
  expect(await run()).toMatchObject({ damagedParts: 0, snapshotId: expect.any(String) });
  expect(await check({ repository, read: 'data' })).toMatchObject({ result: 'good' });
});

it('asks once more, as a folder may just have been removed', async () => {
  const all = (await repository.store.list('data')).length;
  hide(1);
  expect(await repository.store.list('data')).toHaveLength(all);
  expect(proxy.met()).toBe(1);
});
