import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TreeColumns } from '../../../../main/engine/format/tree-columns.ts';
import { EntryPaths } from '../../../../main/engine/restore/entry-paths.ts';
import { EntryTable } from '../../../../main/engine/restore/entry-table.ts';
import { ROOT } from '../../../../main/engine/restore/folder-table.ts';
import { TargetPaths } from '../../../../main/engine/restore/target-paths.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('entry-paths');
});
afterEach(() => scratch.remove());

function appendNamed(table: EntryTable, folder: number, name: string | Buffer): number {
  const columns = new TreeColumns(1);
  columns.names = Buffer.from(name);
  columns.nameEnds[0] = columns.names.length;
  return table.append(folder, columns, 0);
}

describe('paths of entries', () => {
  it('are made of the names from the target down, whatever the bytes and the order', () => {
    const table = new EntryTable(1);
    const above = table.folders.add(ROOT, 1, Buffer.from('above'));
    const a = table.folders.add(above, 2, Buffer.from('a'));
    const b = table.folders.add(a, 3, Buffer.of(0xff, 0xfe));
    const places = [above, a, b, a, above];
    const entries = places.map((folder, n) => appendNamed(table, folder, `file ${n}`));
    const wanted = ['/file 0', '/a/file 1', '/a/\xff\xfe/file 2', '/a/file 3', '/file 4'];
    for (const root of ['', '/some/where']) {
      const paths = new EntryPaths(Buffer.from(root), table);
      const found = entries.map((entry) => paths.of(entry));
      expect(found.map((path) => path.toString('latin1'))).toEqual(wanted.map((path) => root + path));
      expect(entries.map((entry) => paths.lengthOf(entry))).toEqual(found.map(({ length }) => length));
      expect(paths.temporaryOf(2, 'mark').toString('latin1')).toBe(`${root}/a/\xff\xfe/.triplicate-mark-2.tmp`);
    }
    expect(new TargetPaths('/', table).of(0).toString()).toBe('/file 0');
    expect(new TargetPaths('/x//', table).of(0).toString()).toBe('/x/file 0');
  });

  it('begin at a folder that is held open where they would be too long', () => {
    const table = new EntryTable(0);
    const paths = new TargetPaths(scratch.path, table);
    let folder = ROOT;
    for (let level = 1; level <= 40; level++) {
      const name = `${level}`.padEnd(250, 'x');
      mkdirSync(paths.of(appendNamed(table, folder, name)));
      folder = table.folders.add(folder, level, Buffer.from(name));
    }
    const entry = appendNamed(table, folder, 'file');
    expect(paths.isLong(entry)).toBe(true);
    expect(paths.isLong(0)).toBe(false);
    writeFileSync(paths.of(entry), 'content');
    expect(paths.of(entry).toString()).toMatch(/^\/proc\/\d+\/fd\/\d+\//);
    const temporary = paths.temporaryOf(entry, 'mark').toString();
    expect(temporary.slice(temporary.lastIndexOf('/'))).toBe(`/.triplicate-mark-${entry}.tmp`);
    expect(readdirSync(temporary.slice(0, temporary.lastIndexOf('/')))).toEqual(['file']);
    paths.close();
    // Node's own way of removing does not come down so far.
    execFileSync('rm', ['-r', paths.of(0).toString()]);
  });
});
