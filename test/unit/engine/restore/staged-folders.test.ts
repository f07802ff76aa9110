import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIR, FILE, TreeColumns } from '../../../../main/engine/format/tree-columns.ts';
import type { BlobId, PackId } from '../../../../main/engine/ids.ts';
import { BlobIndex } from '../../../../main/engine/repository/blob-index.ts';
import { collectUses } from '../../../../main/engine/restore/content-uses.ts';
import { EntryTable, isStaged } from '../../../../main/engine/restore/entry-table.ts';
import { ROOT } from '../../../../main/engine/restore/folder-table.ts';
import { shareColumns } from '../../../../main/engine/restore/shared-columns.ts';
import { StagedFolders } from '../../../../main/engine/restore/staged-folders.ts';
import { TargetPaths } from '../../../../main/engine/restore/target-paths.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('staged');
});
afterEach(() => scratch.remove());

const MEGABYTE = 1 << 20;

/** A table of folders and files whose content lies in the order in which they are added, with what stages them. */
class World {
  readonly table = new EntryTable(0);
  readonly sizes: number[] = [];

  append(folder: number, name: string, type: number): number {
    const columns = new TreeColumns(1);
    columns.types[0] = type;
    columns.names = Buffer.from(name);
    columns.nameEnds[0] = columns.names.length;
    return this.table.append(folder, columns, 0);
  }

  folder(parent: number, level: number, name: string): number {
    const entry = this.append(parent, name, DIR);
    const folder = this.table.folders.add(parent, level, Buffer.from(name));
    this.table.folders.entries[folder] = entry;
    return folder;
  }

  files(folder: number, sizes: readonly number[]): readonly number[] {
    return sizes.map((size, n) => {
      this.table.addContent(this.sizes.push(size) - 1);
      return this.append(folder, `file ${n}`, FILE);
    });
  }

  staged(links = new Map<number, number>()): StagedFolders {
    const index = new BlobIndex();
    let offset = 0;
    const blobs = this.sizes.map((size, n) => {
      const id = n.toString(16).padStart(64, '0') as BlobId;
      const blob = { type: 'data' as const, id, offset, length: size + 32, uncompressedLength: 0 };
      offset += blob.length;
      return blob;
    });
    index.addPack({ id: '9'.repeat(64) as PackId, blobs });
    shareColumns(this.table);
    const staged = new StagedFolders(this.table, links, new TargetPaths(scratch.path, this.table), 'mark');
    staged.choose(collectUses(this.table, links, index, new Map()), index, new Map());
    return staged;
  }

  /** Makes them in their order, as a restore does. */
  make(staged: StagedFolders): readonly string[] {
    const paths = new TargetPaths(scratch.path, this.table);
    return Array.from({ length: this.table.folders.count - 1 }, (_, n) => {
      const path = paths.of(this.table.folders.entries[n + 1] as number);
      const made = staged.make(n + 1, path);
      if (made === 'not staged') mkdirSync(path, { recursive: true });
      return made;
    });
  }
}

describe('folders that are filled under a temporary name', () => {
  it('are new, have enough files and no folders in them, and content that lies together', () => {
    const world = new World();
    world.files(ROOT, [10, 10, 10, 10]);
    const full = world.folder(ROOT, 1, 'full');
    const above = world.folder(ROOT, 1, 'above');
    const few = world.folder(ROOT, 1, 'few');
    const far = world.folder(ROOT, 1, 'far');
    const there = world.folder(ROOT, 1, 'there');
    const many = world.folder(ROOT, 1, 'many');
    const below = world.folder(above, 2, 'below');
    for (const folder of [full, above, below]) world.files(folder, [10, 10, 10, 10]);
    world.files(few, [10, 10, 10]);
    world.files(far, [10, 40 * MEGABYTE, 40 * MEGABYTE, 10]);
    world.files(there, [10, 10, 10, 10]);
    world.files(many, new Array<number>(20_000).fill(1));
    world.table.setAction(world.table.folders.entries[there] as number, 'unchanged', 'yes');
    expect(world.make(world.staged())).toEqual(['made', ...Array(5).fill('not staged'), 'made']);
    expect(readdirSync(scratch.path).sort()).toEqual(
      [`.triplicate-mark-folder-${full}.tmp`, 'above', 'few', 'far', 'there', 'many'].sort(),
    );
    expect(readdirSync(`${scratch.path}/above`)).toEqual([`.triplicate-mark-folder-${below}.tmp`]);
  });

  it('are none that something has appeared in place of, nor any of which every file has failed', () => {
    const world = new World();
    const taken = world.folder(ROOT, 1, 'taken');
    const failed = world.folder(ROOT, 1, 'failed');
    world.files(taken, [1, 1, 1, 1]);
    const files = world.files(failed, [1, 1, 1, 1]);
    const staged = world.staged();
    mkdirSync(`${scratch.path}/taken`);
    for (const file of files) expect(staged.settle(file)).toBeUndefined();
    expect(world.make(staged)).toEqual(['not staged', 'not staged']);
  });

  it('are ready for their name with the last file that gets content, links aside', () => {
    const world = new World();
    const folder = world.folder(ROOT, 1, 'folder');
    const files = world.files(folder, [1, 1, 1, 1, 1]);
    const [link = 0, ...rest] = files;
    const staged = world.staged(new Map([[link, rest[0] as number]]));
    world.make(staged);
    expect([...staged.filesIn(folder)]).toEqual(rest);
    expect([...staged.unnamed()]).toEqual([folder]);
    expect(rest.map((file) => staged.settle(file))).toEqual([undefined, undefined, undefined, folder]);
    expect(rest.every((file) => isStaged(world.table, file))).toBe(true);
    writeFileSync(`${scratch.path}/.triplicate-mark-folder-${folder}.tmp/file 1`, 'content');
    staged.giveName(folder, rest, 'whole files', () => undefined);
    expect(readdirSync(`${scratch.path}/folder`)).toEqual(['file 1']);
    expect([...staged.unnamed()]).toEqual([]);
    expect(existsSync(`${scratch.path}/.triplicate-mark-folder-${folder}.tmp`)).toBe(false);
  });
});
