import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FolderId } from '../../main/api/contract/values.ts';
import { type Connection, connect, waitForRun } from '../../main/cli/app/connection.ts';
import { type Serving, serve } from '../../main/headless.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A repository that restic made, with its own passphrase and folders of its own, as a destination. */

const PASSPHRASE = 'restic made this';
let scratch: TemporaryFolder;
let serving: Serving;
let app: Connection;
let old: string;
let folderId: FolderId;

const at = (...names: readonly string[]): string => join(scratch.path, ...names);

beforeAll(async () => {
  scratch = await temporaryFolder('adopted');
  old = at('old');
  await mkdir(at('Documents'));
  await mkdir(at('disk'));
  await mkdir(join(old, 'letters'), { recursive: true });
  serving = await serve({ home: at('home'), browser: 'leave' });
  app = await connect(at('home'));
  await app.call('setup.setPassphrase', { passphrase: 'correct horse battery' });
  await app.call('settings.update', { paused: true });
  folderId = (await app.call('folders.add', { path: at('Documents') })).id;
});

afterAll(async () => {
  await serving?.close();
  await scratch?.remove();
});

/** Two moments of the folder `old`: a letter, and without it. */
async function madeByRestic(name: string, version: '1' | '2'): Promise<Restic> {
  const made = restic({ repository: at('disk', name), passphrase: PASSPHRASE, scratch: scratch.path });
  await made.run('init', '--repository-version', version);
  await writeFile(join(old, 'kept.txt'), 'kept');
  await writeFile(join(old, 'letters', 'letter.txt'), `from version ${version}`);
  await made.backup([old], '--host', 'another');
  await rm(join(old, 'letters', 'letter.txt'));
  await made.backup([old], '--host', 'another');
  return made;
}

it.each(['1', '2'] as const)('a version %s repository is browsed, searched and restored from', async (version) => {
  const judge = await madeByRestic(`v${version}`, version);
  const added = { name: `V${version}`, location: at('disk', `v${version}`), kind: 'external' } as const;
  await expect(app.call('destinations.add', added)).rejects.toMatchObject({ code: 'repo/wrong-passphrase' });
  const destination = await app.call('destinations.add', { ...added, passphrase: PASSPHRASE });

  await expect
    .poll(async () => (await app.call('history.pastFolders', {})).map(({ path }) => path), { timeout: 35_000 })
    .toEqual([old]);
  const [folder] = await app.call('history.pastFolders', {});
  if (!folder) throw new Error('not found');
  expect(folder).toMatchObject({ name: 'old', path: old });
  await expect
    .poll(async () => (await app.call('history.moments', { folderId: folder.id })).total, { timeout: 35_000 })
    .toBe(version === '1' ? 2 : 4);
  const { hits } = await app.call('history.search', { text: 'letter.txt', deletedOnly: true });
  expect(hits).toMatchObject([{ path: 'letters/letter.txt', folderName: 'old', existsNow: false }]);
  const [hit] = hits;
  if (!hit) throw new Error('not found');

  const plan = await app.call('restore.plan', {
    folderId: folder.id,
    momentId: hit.momentId,
    keys: [hit.key],
    target: { kind: 'directory', path: at(`out${version}`) },
    existing: 'skip',
  });
  const { id } = await app.call('restore.start', { planId: plan.planId });
  const run = await waitForRun(app, id, () => undefined, new AbortController().signal);
  expect(run.state).toBe('done');
  expect(await readFile(at(`out${version}`, 'letter.txt'), 'utf8')).toBe(`from version ${version}`);

  // What is not ours is neither thinned out nor counted as a copy of what is.
  await app.call('folders.update', { id: folderId, destinationIds: [destination.id] });
  const { runs } = await app.call('runs.backup', { destinationIds: [destination.id] });
  for (const one of runs) await waitForRun(app, one.id, () => undefined, new AbortController().signal);
  expect((await judge.snapshots('--host', 'another')).length).toBe(2);
  await judge.check('--read-data');
});

it('what it holds is still known while it is away', async () => {
  await rename(at('disk'), at('unplugged'));
  await serving.close();
  serving = await serve({ home: at('home'), browser: 'leave' });
  app = await connect(at('home'));
  const [folder] = await app.call('history.pastFolders', {});
  expect(folder?.path).toBe(old);
  if (!folder) return;
  expect((await app.call('history.moments', { folderId: folder.id })).total).toBe(4);
});
