import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup, findSnapshot, planRestore, type Repository, restore } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let source: string;
let opened: Repository[];

beforeEach(async () => {
  scratch = await temporaryFolder('remote');
  remotes = await startRcloneRemotes(scratch.path, ['dav']);
  source = join(scratch.path, 'source');
  await mkdir(join(source, 'folder'), { recursive: true });
  for (let n = 0; n < 50; n++) await writeFile(join(source, `folder/file ${n}.txt`), `content ${n}\n`.repeat(n));
  await writeFile(join(source, 'large.bin'), randomBytes(20 * 1024 * 1024));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map(({ store }) => store.close()));
  await remotes.close();
  await scratch.remove();
});

const variables = (): NodeJS.ProcessEnv => ({ ...process.env, ...remotes.env });
const keep = (repository: Repository): Repository => {
  opened.push(repository);
  return repository;
};

describe('a backup to an rclone remote', () => {
  it('passes restic check over the same remote, and takes nothing a second time', async () => {
    const location = 'rclone:dav:backups/mine';
    const repository = keep(await newRepository(location, { variables: variables() }));
    const request = { destinations: [{ repository }], paths: [source], workingDirectory: '/' };
    const first = await backup(request);
    expect(first.results[0]?.error).toBeUndefined();
    const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path, env: remotes.env });
    await judge.check('--read-data');
    const second = await backup({
      ...request,
      destinations: [{ repository: keep(await reopen(location, variables())) }],
    });
    expect(second).toMatchObject({ filesUnchanged: 51, bytesRead: 0 });
  });

  it('stores again what was lost there while new packs travel, and leaves nothing under a temporary name', async () => {
    const location = 'rclone:dav:lossy';
    const repository = keep(await newRepository(location, { variables: variables() }));
    const request = { destinations: [{ repository }], paths: [source], workingDirectory: '/' };
    await backup(request);
    const folder = join(remotes.folders.dav, 'lossy');
    const names = async (): Promise<readonly string[]> => readdir(folder, { recursive: true });
    const packs = (await names()).filter((name) => /^data\/..\/[0-9a-f]{64}$/.test(name));
    const [lost = ''] = packs.toSorted((a, b) => statSync(join(folder, b)).size - statSync(join(folder, a)).size);
    await rm(join(folder, lost));
    await writeFile(join(source, 'new.bin'), randomBytes(20 * 1024 * 1024));
    const again = await backup({
      ...request,
      destinations: [{ repository: keep(await reopen(location, variables())) }],
    });
    expect(again.results[0]).toMatchObject({ damagedParts: 1 });
    expect(again.results[0]?.error).toBeUndefined();
    expect((await names()).filter((name) => name.includes('-tmp-') || name.startsWith('locks/'))).toEqual([]);
    // By ourselves: the index still names what was lost, and restic takes whichever copy it finds named first.
    const fresh = keep(await reopen(folder));
    const { snapshot } = await findSnapshot(fresh, 'latest', {});
    const target = join(scratch.path, 'out');
    const plan = await planRestore({ repository: fresh, tree: snapshot.tree, target, existing: 'skip' });
    expect((await restore(plan)).result).toBe('complete');
    expect(describeTree(join(target, source)).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('leaves nothing under a temporary name wherever it is cancelled, and the next run finishes', async () => {
    const location = 'rclone:dav:cancelled';
    const repository = keep(await newRepository(location, { variables: variables() }));
    const request = { destinations: [{ repository }], paths: [source], workingDirectory: '/' };
    const folder = join(remotes.folders.dav, 'cancelled');
    const judge = restic({ repository: folder, passphrase: PASSPHRASE, scratch: scratch.path });
    let cancelled = 0;
    for (let ms = 50; ms <= 1000; ms += 95) {
      await writeFile(join(source, 'large.bin'), randomBytes(3 * 1024 * 1024));
      await backup({ ...request, signal: AbortSignal.timeout(ms) }).catch((error) => {
        expect(error).toMatchObject({ code: 'cancelled' });
        cancelled++;
      });
      const names: readonly string[] = await readdir(folder, { recursive: true });
      // rclone may still finish an upload that it was told to end.
      expect(names.filter((name) => /^(snapshots|index)\/.*-tmp-/.test(name))).toEqual([]);
      await judge.check('--no-lock');
    }
    expect(cancelled).toBeGreaterThan(3);
    const last = await backup(request);
    expect(last.results[0]?.error).toBeUndefined();
    await judge.check('--read-data', '--no-lock');
  });

  it('goes on to the disk when the remote dies in the middle, and says which destination failed', async () => {
    const disk = keep(await newRepository(join(scratch.path, 'disk')));
    const { chunkerPolynomial } = disk.config;
    const remote = keep(await newRepository('rclone:dav:second', { variables: variables(), chunkerPolynomial }));
    const running = backup({
      destinations: [{ repository: remote }, { repository: disk }],
      paths: [source],
      workingDirectory: '/',
    });
    await remotes.stop('dav');
    const { results } = await running;
    expect(results[0]?.snapshotId).toBeUndefined();
    expect(results[0]?.error?.code).toMatch(/^(store|rclone)\//);
    expect(results[1]?.snapshotId).toBeDefined();
    await restic({ repository: join(scratch.path, 'disk'), passphrase: PASSPHRASE, scratch: scratch.path }).check(
      '--read-data',
    );
  });
});
