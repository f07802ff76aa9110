import { writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BackupRequest, backup, loadIndex, type Repository } from '../../../../main/engine/engine.ts';
import type { TreeId } from '../../../../main/engine/ids.ts';
import { newRepository, subtreeAt } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

const FOLDERS = 40;
let scratch: TemporaryFolder;
let repository: Repository;
const source = () => join(scratch.path, 'source');
const treeOf = ({ tree }: { readonly tree: string | null }) => subtreeAt(repository, tree, source());
const run = (extra: Partial<BackupRequest> = {}) =>
  backup({ destinations: [{ repository }], paths: [source()], workingDirectory: '/', ...extra });

beforeEach(async () => {
  scratch = await temporaryFolder('parent');
  repository = await newRepository(join(scratch.path, 'repository'));
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(source(), `folder ${folder}`, 'below');
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'file'), `content ${folder}`);
  }
});
afterEach(() => scratch.remove());

it('is read in a few requests, however many folders it has, and found unchanged', async () => {
  const first = await run();
  const reads = vi.spyOn(repository.store, 'get');
  const second = await run();
  expect(second).toMatchObject({ filesUnchanged: FOLDERS, bytesRead: 0 });
  expect(await treeOf(second)).toBe(await treeOf(first));
  const ofTrees = reads.mock.calls.filter(([name]) => name.type === 'data');
  expect(ofTrees.length).toBeLessThan(20);
});

it('does not read a large folder that looks as it did at the last scan', async () => {
  const large = join(source(), 'large');
  await mkdir(large);
  for (let file = 0; file < 4000; file++) writeFileSync(join(large, `file ${file}`), '');
  const first = await run();
  const { index } = await loadIndex(repository);
  const place = index.lookup('tree', (await subtreeAt(repository, first.tree, large)) as TreeId);
  const reads = vi.spyOn(repository.store, 'get');
  const places = (): unknown[] => reads.mock.calls.map(([{ id }, range]) => [id, range?.offset]);
  const ofLarge = [place?.packId, place?.offset];
  const { directoryCache } = first;
  expect(await run(directoryCache && { directoryCache })).toMatchObject({ filesUnchanged: FOLDERS + 4000 });
  expect(places()).not.toContainEqual(ofLarge);
  await run();
  expect(places()).toContainEqual(ofLarge);
});

it('is done without where it cannot be read: everything is looked at anew, and stored again', async () => {
  const first = await run();
  const before = await treeOf(first);
  const { index } = await loadIndex(repository);
  for (const { id, blobs } of index.packs()) {
    if (blobs[0]?.type === 'tree') await rm(join(scratch.path, 'repository', 'data', id.slice(0, 2), id));
  }
  const second = await run();
  expect(second.filesNew + second.filesChanged).toBe(FOLDERS);
  expect(second.results[0]).toMatchObject({ damagedParts: 1, dataBlobsAdded: 0 });
  expect(await treeOf(second)).toBe(before);
});
