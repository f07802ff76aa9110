import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup, type Repository } from '../../main/engine/engine.ts';
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
