import { chmod, mkdir, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chokidarTree } from '../../../main/watch/chokidar-tree.ts';
import { inotifyTree } from '../../../main/watch/inotify-tree.ts';
import type { OpenTreeWatch, TreeWatch } from '../../../main/watch/tree-watch.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let root: string;
let told: Set<string>;
let tree: TreeWatch;

beforeEach(async () => {
  scratch = await temporaryFolder('trees');
  root = join(scratch.path, 'root');
  await mkdir(join(root, 'a/b'), { recursive: true });
  await writeFile(join(root, 'a/b/file'), '1');
});
afterEach(async () => {
  await tree.close();
  await scratch.remove();
});

async function open(openTree: OpenTreeWatch): Promise<void> {
  told = new Set();
  tree = openTree(root, (path) => path.endsWith('/ignored'), {
    dirty: (directory) => told.add(directory),
    gone: () => told.add('gone'),
    failed: (error) => told.add(`${error}`),
  });
  await tree.open();
}

/** Makes the change and waits until the directory is told. */
async function tells(directory: string, change: () => Promise<unknown>): Promise<void> {
  // What went before may still be under way.
  await new Promise((resolve) => setTimeout(resolve, 150));
  told.clear();
  await change();
  await expect.poll(() => [...told], { timeout: 4000, interval: 20 }).toContain(directory);
}

describe.each([
  ['inotify', inotifyTree],
  ['chokidar', chokidarTree],
])('a tree that is watched by %s', (_name, openTree) => {
  it('tells of changed, moved and new things, of nothing that is ignored, and when it is gone', async () => {
    await mkdir(join(root, 'a/ignored'));
    await open(openTree);
    await writeFile(join(root, 'a/ignored/file'), '1');
    await tells(join(root, 'a/b'), () => writeFile(join(root, 'a/b/file'), 'changed'));
    await tells(join(root, 'a'), () => rename(join(root, 'a/b/file'), join(root, 'a/moved')));
    await tells(join(root, 'new/deep'), () => mkdir(join(root, 'new/deep'), { recursive: true }));
    await tells(join(root, 'new/deep'), () => writeFile(join(root, 'new/deep/file'), '1'));
    expect([...told].filter((path) => path.includes('ignored'))).toEqual([]);
    await tells('gone', () => rm(root, { recursive: true }));
  });
});

describe.runIf(process.platform === 'linux')('a tree that is watched by inotify', () => {
  beforeEach(async () => {
    await symlink('b', join(root, 'a/link'));
    await mkdir(join(root, 'back\\slash'));
    await mkdir(Buffer.from(`${root}/b\xfccher`, 'latin1'));
    await open(inotifyTree);
  });

  it('tells of permissions, and of content whose time was put back', async () => {
    await tells(join(root, 'a'), () => chmod(join(root, 'a'), 0o700));
    // Of the folder alone: neither has it gone, nor is all below it new.
    await tells(root, () => chmod(root, 0o700));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([...told]).toEqual([root]);
    await tells(join(root, 'a/b'), () => writeFile(join(root, 'a/b/new'), 'one'));
    await utimes(join(root, 'a/b/new'), 1e9, 1e9);
    await tells(join(root, 'a/b'), async () => {
      await writeFile(join(root, 'a/b/new'), 'two');
      await utimes(join(root, 'a/b/new'), 1e9, 1e9);
    });
    await tells(join(root, 'a/b'), () => chmod(join(root, 'a/b/new'), 0o600));
  });

  it('tells of what is in folders whose names are not UTF-8, or have a backslash', async () => {
    const file = Buffer.from(`${root}/b\xfccher/file`, 'latin1');
    await tells(join(root, 'b\ufffdcher'), () => writeFile(file, '1'));
    await tells(join(root, 'b\ufffdcher'), () => writeFile(file, '22'));
    await tells(join(root, 'back\\slash'), () => writeFile(join(root, 'back\\slash/file'), '1'));
  });

  it.each(['a/b/file', 'a/link'])('watches a folder that has taken the place of %s', async (name) => {
    const path = join(root, name);
    await unlink(path);
    await mkdir(path);
    await tells(path, () => writeFile(join(path, 'in it'), '1'));
  });

  it('watches a folder that was removed and made anew at once, though its inode may be the same', async () => {
    for (let round = 0; round < 5; round++) {
      await rm(join(root, 'a'), { recursive: true });
      await mkdir(join(root, 'a/b'), { recursive: true });
      await tells(join(root, 'a/b'), () => writeFile(join(root, 'a/b/file'), `${round}`));
    }
  });
});
