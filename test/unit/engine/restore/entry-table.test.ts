import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeNode } from '../../../../main/engine/format/tree.ts';
import { fillFromNodes, TreeColumns } from '../../../../main/engine/format/tree-columns.ts';
import type { BlobId, PackId } from '../../../../main/engine/ids.ts';
import { BlobIndex } from '../../../../main/engine/repository/blob-index.ts';
import { EntryTable } from '../../../../main/engine/restore/entry-table.ts';
import { ROOT } from '../../../../main/engine/restore/folder-table.ts';
import { PlannedEntries } from '../../../../main/engine/restore/planned-entries.ts';
import { shareColumns } from '../../../../main/engine/restore/shared-columns.ts';

const idOf = (n: number): BlobId => n.toString(16).padStart(64, '0') as BlobId;
const BLOBS = 50;

function indexOf(blobs: number): BlobIndex {
  const index = new BlobIndex();
  const entries = Array.from({ length: blobs }, (_, n) => ({
    ...{ type: 'data' as const, id: idOf(n), offset: n * 100, length: 100, uncompressedLength: 0 },
  }));
  index.addPack({ id: 'ab'.repeat(32) as PackId, blobs: entries });
  return index;
}

const index = indexOf(BLOBS);
const instant = fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }).map((ns) => ({ ns }));
const type = fc.constantFrom<TreeNode['type']>('file', 'file', 'file', 'symlink', 'fifo', 'chardev');
const node: fc.Arbitrary<TreeNode> = fc
  .record({
    name: fc.uint8Array({ minLength: 1, maxLength: 30 }),
    type,
    mode: fc.nat(0xffff_ffff),
    mtime: instant,
    atime: fc.option(instant, { freq: 8 }),
    uid: fc.nat(0xffff_ffff),
    gid: fc.nat(0xffff_ffff),
    size: fc.maxSafeNat(),
    links: fc.constantFrom(1, 1, 2),
    inode: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    content: fc.array(fc.nat(BLOBS - 1), { maxLength: 3 }),
    attribute: fc.constantFrom(undefined, undefined, 'user.x'),
  })
  .map(({ atime, content, attribute, ...fields }) => ({
    ...fields,
    ...{ atime: atime ?? fields.mtime, ctime: fields.mtime, user: '', group: '', deviceId: 3n },
    linkTarget: fields.type === 'symlink' ? Buffer.from('where') : undefined,
    device: fields.type === 'chardev' ? 1283 : undefined,
    extendedAttributes: attribute ? [{ name: attribute, value: Buffer.from('value') }] : undefined,
    content: fields.type === 'file' ? content.map(idOf) : null,
  }));

/** What is done with each node. */
const deed = fc.record({ node, drop: fc.constantFrom('no', 'no', 'yes'), rename: fc.constantFrom(0, 0, 1, 40) });

function append(table: EntryTable, folder: number, one: TreeNode): number {
  const columns = new TreeColumns();
  fillFromNodes(columns, [one]);
  for (const id of one.content ?? []) table.addContent(index.numberOf('data', id));
  return table.append(folder, columns, 0);
}

const longer = (name: Uint8Array, bytes: number): Uint8Array => Buffer.concat([name, Buffer.alloc(bytes, 'x')]);

function expectNode(entry: ReturnType<PlannedEntries['at']>, wanted: TreeNode): void {
  const found = entry.node;
  const isLinked = wanted.type === 'file' && wanted.links > 1;
  expect(Buffer.from(found.name)).toEqual(Buffer.from(wanted.name));
  expect([found.type, found.mode, found.uid, found.gid, found.size]).toEqual([
    ...[wanted.type, wanted.mode, wanted.uid, wanted.gid, wanted.size],
  ]);
  expect([found.mtime.ns, found.atime.ns]).toEqual([wanted.mtime.ns, wanted.atime.ns]);
  expect([found.links, found.inode, found.deviceId]).toEqual(isLinked ? [2, wanted.inode, 3n] : [1, 0n, 0n]);
  expect([found.linkTarget, found.device, found.extendedAttributes]).toEqual([
    ...[wanted.linkTarget, wanted.device, wanted.extendedAttributes],
  ]);
  expect(found.content).toEqual(wanted.content);
}

describe('the table of a restore', () => {
  it('gives back what was put in, whatever was taken out again and renamed in between, also when it is shared', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 200 }), (deeds) => {
        const table = new EntryTable(0);
        const folder = table.folders.add(ROOT, 1, Buffer.from('folder'));
        const wanted: { readonly node: TreeNode; readonly name: Uint8Array }[] = [];
        for (const { node: one, drop, rename } of deeds) {
          append(table, folder, one);
          const name = rename > 0 ? longer(one.name, rename) : one.name;
          // As it is done where the first names that come to mind are there.
          if (rename > 1) table.renameLast(longer(one.name, 1));
          if (rename > 0 && drop === 'no') table.renameLast(name);
          if (drop === 'yes' && rename <= 1) table.dropLast();
          else wanted.push({ node: one, name: drop === 'yes' ? longer(one.name, 1) : name });
        }
        const entries = new PlannedEntries(table, index);
        const look = (): void => {
          expect(entries.length).toBe(wanted.length);
          for (const [n, entry] of [...entries].entries()) {
            expectNode(entry, wanted[n]?.node as TreeNode);
            expect(entry.path.map((part) => Buffer.from(part).toString('hex'))).toEqual([
              Buffer.from('folder').toString('hex'),
              Buffer.from(wanted[n]?.name ?? []).toString('hex'),
            ]);
          }
        };
        look();
        const columns = shareColumns(table);
        look();
        expect(columns.flags).toHaveLength(wanted.length);
        for (const column of [columns.names, columns.modes, columns.mtimeSeconds, columns.folders.names]) {
          expect(column.buffer).toBeInstanceOf(SharedArrayBuffer);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('knows for each entry what is done with it', () => {
    const table = new EntryTable(0);
    const one: TreeNode = {
      ...{ name: Buffer.from('a'), type: 'file', mode: 0, mtime: { ns: 0n }, atime: { ns: 0n }, ctime: { ns: 0n } },
      ...{ uid: 0, gid: 0, user: '', group: '', inode: 0n, deviceId: 0n, size: 0, links: 1, content: [] },
    };
    for (const action of ['new', 'replaced', 'beside', 'kept', 'unchanged'] as const) {
      for (const metadata of ['yes', 'no'] as const) {
        const entry = append(table, ROOT, { ...one, extendedAttributes: [{ name: 'x', value: Buffer.of(1) }] });
        table.setAction(entry, action, metadata);
        expect([table.action(entry), table.metadata(entry)]).toEqual([action, metadata]);
        expect(table.isWritten(entry)).toBe(!['kept', 'unchanged'].includes(action));
      }
    }
  });

  it('tells paths in the snapshot from those below the target', () => {
    const table = new EntryTable(2);
    const a = table.folders.add(ROOT, 1, Buffer.from('a'));
    const b = table.folders.add(a, 2, Buffer.from('b'));
    const c = table.folders.add(b, 3, Buffer.from('c'));
    const text = (names: readonly Uint8Array[]): string => Buffer.concat(names).toString();
    expect([a, b, c].map((folder) => text(table.folders.segments(folder)))).toEqual(['a', 'ab', 'abc']);
    expect([a, b, c].map((folder) => text(table.folders.segmentsBelowTarget(folder)))).toEqual(['', '', 'c']);
  });
});
