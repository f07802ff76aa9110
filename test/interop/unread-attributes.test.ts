import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BackupReport, backup, loadIndex, readTree, type TreeNode } from '../../main/engine/engine.ts';
import type { TreeId } from '../../main/engine/ids.ts';
import { newRepository, PASSPHRASE, reopen, subtreeAt } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Without perl, which reads the attributes. */
const world = vi.hoisted(() => ({ hasPerl: true }));
vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>();
  const spawn = (program: string, ...rest: unknown[]): unknown =>
    (real.spawn as (...all: unknown[]) => unknown)(
      program === 'perl' && !world.hasPerl ? 'perl-that-is-not-installed' : program,
      ...rest,
    );
  return { ...real, spawn };
});

const FILES = 1500;
let scratch: TemporaryFolder;
let source: string;
let location: string;
let last: BackupReport | undefined;

beforeEach(async () => {
  scratch = await temporaryFolder('unread-attributes');
  source = join(scratch.path, 'source');
  location = join(scratch.path, 'repository');
  last = undefined;
  world.hasPerl = true;
  await mkdir(join(source, 'folder'), { recursive: true });
  for (let file = 0; file < FILES; file++) await writeFile(join(source, 'folder', `file ${file}`), `${file}`);
  for (const path of ['folder', 'folder/file 7', 'folder/file 1400']) {
    execFileSync('setfattr', ['-n', 'user.note', '-v', path, join(source, path)]);
  }
  await newRepository(location);
});
afterEach(() => scratch.remove());

async function run(): Promise<BackupReport> {
  const directoryCache = last?.directoryCache;
  const destinations = [{ repository: await reopen(location) }];
  const known = directoryCache ? { directoryCache } : {};
  last = await backup({ destinations, paths: [source], workingDirectory: '/', ...known });
  return last;
}

async function nodesOf({ tree }: BackupReport, folder: string): Promise<readonly TreeNode[]> {
  const repository = await reopen(location);
  const { index } = await loadIndex(repository);
  return readTree(repository, index, (await subtreeAt(repository, tree, folder)) as TreeId);
}

async function notesOf(report: BackupReport): Promise<readonly string[]> {
  const nodes = [...(await nodesOf(report, source)), ...(await nodesOf(report, join(source, 'folder')))];
  return nodes.flatMap((node) => (node.extendedAttributes ?? []).map(({ value }) => Buffer.from(value).toString()));
}

it('says that an attribute has a name that the format cannot hold, once, as it could never be stored', async () => {
  const path = join(source, 'folder/file 7');
  execFileSync('bash', ['-c', `setfattr -n $'user.\\xff' -v lost "$0"`, path]);
  const first = await run();
  const text = '1 extended attribute has a name that the format cannot hold and is not in this backup.';
  expect(first.leftOut).toEqual([{ path: '', reason: 'attributes', text }]);
  expect(await notesOf(first)).toEqual(['folder', 'folder/file 1400', 'folder/file 7']);
  const nodes = await nodesOf(first, join(source, 'folder'));
  expect(nodes.filter(({ error }) => error !== undefined)).toEqual([]);
  const second = await run();
  expect(second).toMatchObject({ filesUnchanged: FILES, leftOut: [] });
  expect(await nodesOf(second, source)).toEqual(await nodesOf(first, source));
  execFileSync('bash', ['-c', `setfattr -n $'user.\\xfe' -v lost "$0"`, path]);
  const { leftOut } = await run();
  expect(leftOut[0]?.text).toMatch(/^2 extended attributes have names that .* and are not in this backup\.$/);
}, 60_000);

it('reads later what it could not read, without reading any content again', async () => {
  world.hasPerl = false;
  const without = await run();
  expect(without.leftOut).toContainEqual(expect.objectContaining({ reason: 'attributes' }));
  expect(await notesOf(without)).toEqual([]);
  const again = await run();
  expect(again).toMatchObject({ filesUnchanged: FILES, bytesRead: 0 });
  expect(again.leftOut).toContainEqual(expect.objectContaining({ reason: 'attributes' }));
  const folder = join(source, 'folder');
  const repository = await reopen(location);
  expect(await subtreeAt(repository, again.tree, folder)).toBe(await subtreeAt(repository, without.tree, folder));

  world.hasPerl = true;
  const whole = await run();
  expect(whole).toMatchObject({ filesUnchanged: FILES, bytesRead: 0, leftOut: [] });
  expect(await notesOf(whole)).toEqual(['folder', 'folder/file 1400', 'folder/file 7']);
  const nodes = await nodesOf(whole, folder);
  expect(nodes.filter(({ error }) => error !== undefined)).toEqual([]);
  const next = await run();
  expect(await subtreeAt(repository, next.tree, folder)).toBe(await subtreeAt(repository, whole.tree, folder));

  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
  await judge.restore('latest', join(scratch.path, 'restored'), '--verify');
  expect(await judge.backup([source], '--force')).toMatchObject({ data_blobs: 0 });
  const [restics] = (await judge.snapshots()).slice(-1);
  expect(await subtreeAt(repository, restics?.tree ?? null, folder)).toBe(
    await subtreeAt(repository, whole.tree, folder),
  );
}, 60_000);
