import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BackupReport, backup, loadIndex } from '../../main/engine/engine.ts';
import type { TreeId } from '../../main/engine/ids.ts';
import { newRepository, PASSPHRASE, reopen, subtreeAt } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** So many that the text of their folder is never whole in memory: see `TreeQueue`. */
const FILES = 12_000;

let scratch: TemporaryFolder;
let source: string;
let location: string;
let judge: Restic;

beforeEach(async () => {
  scratch = await temporaryFolder('large-folder');
  source = join(scratch.path, 'source');
  location = join(scratch.path, 'repository');
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await mkdir(source);
  for (let file = 0; file < FILES; file++) await writeFile(join(source, `file ${file} é "`), `content ${file}`);
}, 60_000);
afterEach(() => scratch.remove());

async function run(): Promise<BackupReport> {
  return backup({ destinations: [{ repository: await reopen(location) }], paths: [source], workingDirectory: '/' });
}

async function treeOf({ tree }: { readonly tree: string | null }): Promise<TreeId> {
  return (await subtreeAt(await reopen(location), tree, source)) as TreeId;
}

it('has the tree that restic makes of it, first, changed and unchanged, in one frame that is much smaller', async () => {
  await newRepository(location);
  const first = await run();
  expect(first).toMatchObject({ filesNew: FILES });
  await writeFile(join(source, 'file 77 é "'), 'changed');
  await writeFile(join(source, 'a new one'), 'new');
  await rm(join(source, 'file 9000 é "'));
  await rename(join(source, 'file 5 é "'), join(source, 'renamed'));
  const second = await run();
  expect(second).toMatchObject({ filesChanged: 1, filesNew: 2, filesRemoved: 2, filesUnchanged: FILES - 3 });
  expect(await judge.backup([source], '--force')).toMatchObject({ data_blobs: 0 });
  const [restics] = (await judge.snapshots()).slice(-1);
  expect(await treeOf({ tree: restics?.tree ?? null })).toBe(await treeOf(second));
  const third = await run();
  expect(third).toMatchObject({ filesUnchanged: FILES });
  expect(await treeOf(third)).toBe(await treeOf(second));
  const { index } = await loadIndex(await reopen(location));
  const found = index.lookup('tree', await treeOf(second));
  expect(found?.uncompressedLength).toBeGreaterThan(4 * 1024 * 1024);
  expect(found?.length).toBeLessThan((found?.uncompressedLength ?? 0) / 3);
  await judge.check('--read-data');
  const target = join(scratch.path, 'restored');
  await judge.restore('latest', target);
  execFileSync('diff', ['-r', source, join(target, source)]);
}, 120_000);
