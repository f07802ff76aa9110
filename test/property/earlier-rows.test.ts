import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DirectoryEntries } from '../../main/engine/backup/directory-entries.ts';
import { EarlierEntries } from '../../main/engine/backup/earlier-entries.ts';
import { type EarlierRows, NodeRows, rowsOfText } from '../../main/engine/backup/earlier-rows.ts';
import { decodeTree, type NodeType, type TreeNode } from '../../main/engine/format/tree.ts';
import { encodeTree, TreeText } from '../../main/engine/format/tree-text.ts';
import type { BlobId, TreeId } from '../../main/engine/ids.ts';

/** Entries that stay as they are go from the text of one tree into that of the next: what comes out is what nodes give. */

const time = { ns: 1_700_000_000_123_456_789n, text: '2023-11-14T22:13:20.123456789Z' };
const ids = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as BlobId & TreeId);
/** Mostly such that they are written as they are: few directories that have another go on as text. */
const names = fc.oneof(
  { weight: 60, arbitrary: fc.stringMatching(/^[a-e {}:,]{1,4}$/) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 6 }) },
);
const nodes = fc
  .record({
    name: names.map((text) => new Uint8Array(Buffer.from(text))),
    type: fc.constantFrom<NodeType>('file', 'dir', 'symlink'),
    content: fc.array(ids, { maxLength: 3 }),
    subtree: ids,
    inode: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    attribute: fc.boolean(),
  })
  .map(({ name, type, content, subtree, inode, attribute }): TreeNode => {
    const common = {
      name,
      type,
      mode: 420,
      mtime: time,
      atime: time,
      ctime: time,
      uid: 0,
      gid: 0,
      user: 'root',
      group: '',
    };
    const attributes = [{ name: '},{name:', value: Buffer.from('},{"name":"') }];
    return {
      ...common,
      inode,
      deviceId: 5n,
      size: type === 'file' ? 7 : 0,
      links: type === 'dir' ? 0 : 1,
      content: type === 'file' ? content : null,
      subtree: type === 'dir' ? subtree : undefined,
      linkTarget: type === 'symlink' ? Buffer.from('},{name:') : undefined,
      extendedAttributes: attribute && type === 'file' ? attributes : undefined,
    };
  });
const directories = fc.array(nodes, { maxLength: 12 }).map((found) => {
  const sorted = found.toSorted((a, b) => Buffer.compare(a.name, b.name));
  return sorted.filter(({ name }, n) => n === 0 || Buffer.compare(sorted[n - 1]?.name ?? name, name) !== 0);
});

/** As text where the names allow it, and as nodes. */
function bothRows(of: readonly TreeNode[]): EarlierRows[] {
  const text = encodeTree(of);
  return [rowsOfText(text), new NodeRows(decodeTree(text))].filter((rows) => rows !== null);
}

it('has the types, trees, content, names and places of all entries', () => {
  let asText = 0;
  fc.assert(
    fc.property(directories, fc.uint8Array({ maxLength: 3 }), (directory, other) => {
      const text = encodeTree(directory);
      for (const rows of bothRows(directory)) {
        expect(rows.count).toBe(directory.length);
        if (rows.span) asText++;
        for (const [row, node] of directory.entries()) {
          expect(rows.type(row)).toBe(node.type);
          expect(rows.subtree(row)).toBe(node.subtree);
          expect(Buffer.from(rows.contentIds(row)).toString('hex')).toBe((node.content ?? []).join(''));
          expect(Buffer.from(encodeTree([rows.node(row)]))).toEqual(Buffer.from(encodeTree([node])));
          expect(rows.isNode(row, rows.node(row))).toBe(true);
          expect(Math.sign(rows.compareName(row, other, 0, other.length))).toBe(Buffer.compare(node.name, other));
          const { start, end } = rows.span?.(row) ?? { start: 0, end: 0 };
          if (rows.span)
            expect(`{"nodes":[${Buffer.from(text.subarray(start, end))}]}\n`).toBe(
              `${Buffer.from(encodeTree([node]))}`,
            );
        }
      }
    }),
  );
  expect(asText).toBeGreaterThan(20);
});

it('writes what is kept, what is new and what is left out as nodes would be written', () => {
  fc.assert(
    fc.property(directories, directories, fc.infiniteStream(fc.nat(2)), (before, added, choices) => {
      for (const rows of bothRows(before)) {
        const kept = before.map((node, row) => ({ node, row })).filter(() => choices.next().value !== 0);
        const isKept = new Set(kept.map(({ node }) => Buffer.from(node.name).toString()));
        const others = added.filter(({ name }) => !isKept.has(Buffer.from(name).toString()));
        const all = [...kept, ...others.map((node) => ({ node, row: -1 }))];
        all.sort((a, b) => Buffer.compare(a.node.name, b.node.name));
        const entries = new DirectoryEntries(all.length + 1, rows);
        for (const [position, { node, row }] of all.entries()) {
          entries.set(position, node);
          if (row !== -1) entries.keep(position, row);
        }
        expect(entries.areAsBefore).toBe(others.length === 0 && kept.length === before.length);
        const text = new TreeText();
        const parts: Buffer[] = [];
        const sink =
          choices.next().value === 0 ? { part: (bytes: Uint8Array) => parts.push(Buffer.from(bytes)) } : null;
        entries.writeTo(text, 0, sink);
        const written = sink ? Buffer.concat(parts) : text.bytes;
        expect(written.toString()).toBe(Buffer.from(encodeTree(all.map(({ node }) => node))).toString());
      }
    }),
  );
});

it('finds the entries by their names, and tells which were passed over', () => {
  fc.assert(
    fc.property(directories, directories, (before, now) => {
      for (const rows of bothRows(before)) {
        const earlier = new EarlierEntries(rows);
        const found = now.map(({ name }) => earlier.take(name, 0, name.length));
        const rowOf = (name: Uint8Array) => before.findIndex((node) => Buffer.compare(node.name, name) === 0);
        expect(found).toEqual(now.map(({ name }) => rowOf(name)));
        const passed = before.filter((_, row) => !found.includes(row));
        expect(earlier.passedOver()).toEqual({
          files: passed.filter(({ type }) => type === 'file').length,
          trees: passed.flatMap(({ subtree }) => subtree ?? []),
        });
      }
    }),
  );
});
