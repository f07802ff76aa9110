import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirtyBatch } from '../../../main/watch/dirty-batch.ts';
import { FolderWatcher } from '../../../main/watch/folder-watcher.ts';
import type { WatchEvent } from '../../../main/watch/watcher.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let root: string;
let events: WatchEvent[];
let watcher: FolderWatcher;

beforeEach(async () => {
  scratch = await temporaryFolder('watch');
  root = join(scratch.path, 'root');
  await mkdir(join(root, 'a/b'), { recursive: true });
  await writeFile(join(root, 'a/b/file'), '1');
  events = [];
  watcher = new FolderWatcher((event) => events.push(event));
  watcher.watch(root, { ignored: (path) => path.endsWith('/ignored') });
  await seen((event) => event.kind === 'ready');
});
afterEach(async () => {
  await watcher.close();
  await scratch.remove();
});

async function seen(wanted: (event: WatchEvent) => boolean): Promise<void> {
  await expect.poll(() => events.some(wanted), { timeout: 8000, interval: 20 }).toBe(true);
}

const dirty = (directory: string) => (event: WatchEvent) =>
  event.kind === 'dirty' && event.directories.includes(directory);

describe('a watched folder', () => {
  it('names the directory of a changed file', async () => {
    await writeFile(join(root, 'a/b/file'), 'changed');
    await seen(dirty(join(root, 'a/b')));
  });

  it('names both directories of a rename, and those made all at once', async () => {
    await rename(join(root, 'a/b/file'), join(root, 'moved'));
    await seen(dirty(join(root, 'a/b')));
    await seen(dirty(root));
    await mkdir(join(root, 'new/deep'), { recursive: true });
    await writeFile(join(root, 'new/deep/file'), '1');
    await seen(dirty(join(root, 'new/deep')));
  });

  it('sees an editor that saves beside and renames, backup files included', async () => {
    await writeFile(join(root, 'a/note.txt~'), 'backup');
    await seen(dirty(join(root, 'a')));
  });

  it('leaves ignored folders alone', async () => {
    await mkdir(join(root, 'a/ignored'));
    await writeFile(join(root, 'a/ignored/file'), '1');
    await writeFile(join(root, 'a/b/file'), 'later');
    await seen(dirty(join(root, 'a/b')));
    expect(events.some(dirty(join(root, 'a/ignored')))).toBe(false);
  });

  it('says when it is gone', async () => {
    await rm(root, { recursive: true });
    await seen((event) => event.kind === 'missing');
  });

  it.each([
    ['that was moved away is moved back', async () => rename(join(scratch.path, 'away'), root)],
    ['is made anew', async () => void (await mkdir(join(root, 'a/b'), { recursive: true }))],
  ])('is watched again when the folder %s', async (_how, comeBack) => {
    await rename(root, join(scratch.path, 'away'));
    await seen((event) => event.kind === 'missing');
    events.length = 0;
    await comeBack();
    await seen((event) => event.kind === 'everything');
    await seen((event) => event.kind === 'ready');
    await writeFile(join(root, 'a/b/later'), '1');
    await seen(dirty(join(root, 'a/b')));
  });

  it('is watched anew when another folder takes its place at once', async () => {
    await mkdir(join(scratch.path, 'other/a'), { recursive: true });
    await rename(root, join(scratch.path, 'away'));
    await rename(join(scratch.path, 'other'), root);
    await seen((event) => event.kind === 'everything');
    await expect.poll(() => events.filter(({ kind }) => kind === 'ready').length, { timeout: 8000 }).toBe(2);
    await writeFile(join(root, 'a/later'), '1');
    await seen(dirty(join(root, 'a')));
  });

  it('is missing when a link takes its place', async () => {
    await rename(root, join(scratch.path, 'away'));
    await symlink(join(scratch.path, 'away'), root);
    await seen((event) => event.kind === 'missing' && event.reason.startsWith('A link'));
  });
});

describe('a batch of dirty directories', () => {
  it('tells a flood as one', async () => {
    const told: string[] = [];
    const batch = new DirtyBatch(
      (directories) => told.push(`${directories.length}`),
      () => told.push('flood'),
    );
    for (let n = 0; n < 6000; n++) batch.add(`/d${n}`);
    await expect.poll(() => told).toEqual(['flood']);
    batch.add('/one');
    batch.add('/one');
    await expect.poll(() => told).toEqual(['flood', '1']);
  });
});
