import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeTree, type NodeType, type TreeNode } from '../../main/engine/format/tree.ts';
import { fillFromNodes, NODE_TYPES, TreeColumns } from '../../main/engine/format/tree-columns.ts';
import { scanTree } from '../../main/engine/format/tree-scan.ts';
import { encodeTree } from '../../main/engine/format/tree-text.ts';
import type { BlobId, TreeId } from '../../main/engine/ids.ts';

/**
 * What the scanner accepts must say what the decoder says, field by field, whatever the text: a restore believes it.
 */

interface Row {
  readonly name: string;
  readonly type: NodeType | undefined;
  readonly numbers: readonly unknown[];
  readonly mtime: bigint;
  readonly atime: bigint;
  readonly inode: readonly unknown[];
  readonly linkTarget: string | undefined;
  readonly attributes: unknown;
  readonly content: readonly string[];
  readonly subtree: string | undefined;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const nsOf = ({ seconds, nanos }: { seconds: number; nanos: number }): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
const plain = (attributes: TreeNode['extendedAttributes']): unknown =>
  attributes?.map(({ name, value }) => [name, hex(value)]);

function rowsOf(columns: TreeColumns): readonly Row[] {
  return Array.from({ length: columns.count }, (_, row) => {
    const rare = columns.rare.get(row);
    const mtime = { seconds: columns.mtimeSeconds[row] ?? Number.NaN, nanos: columns.mtimeNanos[row] ?? Number.NaN };
    const ids = columns.contentIds.subarray(columns.contentStart(row) * 32, (columns.contentEnds[row] ?? 0) * 32);
    return {
      name: hex(columns.name(row)),
      type: NODE_TYPES[columns.types[row] ?? -1],
      numbers: [columns.modes[row], columns.uids[row], columns.gids[row], columns.sizes[row], rare?.device],
      mtime: nsOf(mtime),
      atime: nsOf(rare?.atime ?? mtime),
      inode: [rare?.links ?? 1, rare?.inode ?? 0n, rare?.deviceId ?? 0n],
      linkTarget: rare?.linkTarget && hex(rare.linkTarget),
      attributes: plain(rare?.extendedAttributes),
      content: hex(ids).match(/.{64}/g) ?? [],
      subtree: columns.subtrees.get(row),
    };
  });
}

/** What a restore has to know of a node. */
function rowOfNode(node: TreeNode): Row {
  const { type, mode, uid, gid, size, device, mtime, atime, links, inode, deviceId, linkTarget, content } = node;
  return {
    name: hex(node.name),
    type,
    numbers: [mode, uid, gid, size, device],
    mtime: mtime.ns,
    atime: atime.ns,
    inode: type === 'file' && links > 1 ? [links, inode, deviceId] : [1, 0n, 0n],
    linkTarget: linkTarget && hex(linkTarget),
    attributes: plain(node.extendedAttributes),
    content: (type === 'file' && content) || [],
    subtree: type === 'dir' ? node.subtree : undefined,
  };
}

const columns = new TreeColumns();
/** The rows, or undefined where the text is left to the decoder. */
const scan = (text: Uint8Array): readonly Row[] | undefined => (scanTree(text, columns) ? rowsOf(columns) : undefined);

const uint32 = fc.oneof(fc.constantFrom(0, 0o644, 0xffff_ffff), fc.nat(0xffff_ffff));
const count = fc.oneof(fc.constantFrom(0, 1, 2, Number.MAX_SAFE_INTEGER), fc.nat());
const uint64 = fc.oneof(fc.constantFrom(0n, 2n ** 53n, 2n ** 64n - 1n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const time = fc
  .oneof(fc.constantFrom(0n, -1n), fc.bigInt({ min: -62_167_219_200_000_000_000n, max: 253_402_300_799_999_999_999n }))
  .map((ns) => ({ ns }));
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex);
/** Mostly such that they are written as they are. */
const bytes = (minLength: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.stringMatching(/^[a-zA-Z0-9 ._äé-]{1,12}$/).map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength, maxLength: 6 }) },
  );
const attribute = fc.record({
  name: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('user.a', 'security.selinux') },
    { weight: 1, arbitrary: fc.string() },
  ),
  value: fc.uint8Array({ maxLength: 5 }),
});
const attributes = fc.array(attribute, { maxLength: 3 });
const node: fc.Arbitrary<TreeNode> = fc
  .record({
    name: bytes(1),
    type: fc.constantFrom(...NODE_TYPES),
    mode: uint32,
    mtime: time,
    atime: fc.option(time),
    ctime: time,
    uid: uint32,
    gid: uint32,
    user: fc.constantFrom('', 'root', 'somebody', 'ä', 'A'),
    group: fc.constantFrom('', 'staff'),
    inode: uint64,
    deviceId: uint64,
    size: count,
    links: count,
    linkTarget: fc.option(bytes(0), { nil: undefined }),
    extendedAttributes: fc.option(attributes, { nil: undefined, freq: 3 }),
    device: fc.option(count, { nil: undefined }),
    content: fc.array(id as fc.Arbitrary<BlobId>, { maxLength: 4 }),
    subtree: id as fc.Arbitrary<TreeId>,
  })
  .map(({ atime, content, subtree, ...fields }) => ({
    ...fields,
    atime: atime ?? fields.mtime,
    content: fields.type === 'file' ? content : null,
    subtree: fields.type === 'dir' ? subtree : undefined,
  }));
const nodes = fc
  .uniqueArray(node, { maxLength: 5, selector: ({ name }) => hex(name) })
  .map((list) => list.sort((a, b) => Buffer.compare(a.name, b.name)));

it('says of what we write what the decoder says, or leaves it to it', () => {
  let accepted = 0;
  fc.assert(
    fc.property(nodes, (list) => {
      const text = encodeTree(list);
      const decoded = decodeTree(text);
      const rows = scan(text);
      if (rows && rows.length > 0) accepted++;
      if (rows) expect(rows).toEqual(decoded.map(rowOfNode));
      fillFromNodes(columns, decoded);
      expect(rowsOf(columns)).toEqual(decoded.map(rowOfNode));
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(1000);
});

/** A directory with something of everything, written as it mostly is. */
const mtime = { ns: 1_700_000_000_123_456_789n };
const usual = (name: string, type: NodeType, more: Partial<TreeNode> = {}): TreeNode => ({
  ...{ name: Buffer.from(name), type, mode: 0o644, mtime, atime: mtime, ctime: { ns: mtime.ns + 5n } },
  ...{ uid: 1000, gid: 100, user: 'user', group: 'users', inode: 77n, deviceId: 2049n, size: 0, links: 1 },
  ...{ content: null, ...more },
});
const idOf = (n: number) => n.toString(16).padStart(64, '0') as TreeId;
const example: readonly TreeNode[] = [
  usual('a', 'file', { size: 5, content: [idOf(1)] }),
  usual('b c', 'file', { size: 123_456_789, content: [idOf(2), idOf(3)], links: 2, inode: 2n ** 63n + 1n }),
  usual('dev', 'chardev', { device: 1283 }),
  usual('dir', 'dir', { mode: 0o755 + 2 ** 31, subtree: idOf(4), links: 5 }),
  usual('empty', 'file', { content: [], atime: { ns: 5n } }),
  usual('link', 'symlink', { linkTarget: Buffer.from('where/ä') }),
  usual('pipe', 'fifo', { extendedAttributes: [{ name: 'user.x', value: Buffer.from('value') }] }),
  usual('ä', 'file', { size: 1, content: [idOf(5)] }),
];

it('reads a directory with something of everything', () => {
  const text = encodeTree(example);
  expect(scan(text)).toEqual(decodeTree(text).map(rowOfNode));
  expect(scan(Buffer.from('{"nodes":[]}\n'))).toEqual([]);
});

it.each([
  ['a name with an escape in it', [usual('a"b', 'file', { content: [] })]],
  ['an entry that could not be read whole', [usual('a', 'file', { content: [], error: 'cut' })]],
  ['fields of newer programs', [usual('a', 'file', { content: [], unknown: { newer: 1 } })]],
])('leaves %s to the decoder', (_what, list) => {
  expect(scan(encodeTree(list))).toBeUndefined();
});

it('leaves names in another order, or twice the same, to the decoder', () => {
  const text = Buffer.from(
    encodeTree([usual('a', 'file', { content: [] }), usual('b', 'file', { content: [] })]),
  ).toString();
  for (const [name, is] of Object.entries({ c: 'no', b: 'no', '': 'yes', A: 'yes' })) {
    const edited = Buffer.from(text.replace('"name":"a"', `"name":"${name}"`));
    expect(scan(edited) ? 'yes' : 'no').toBe(is);
  }
});

it('never says anything else than the decoder, whatever the text', () => {
  const text = encodeTree(example);
  const pieces = [
    '',
    '0',
    '9',
    '99999999999',
    '\\',
    '"',
    ',',
    '{',
    '}',
    '[]',
    ' ',
    '\n',
    '\\u0061',
    '\\u0026',
    'Z',
    '-',
    '.',
  ];
  const edit = fc.record({
    at: fc.nat(text.length - 1),
    remove: fc.oneof(fc.nat(3), fc.nat(400)),
    insert: fc.oneof(
      fc.constantFrom(...pieces, ':', 'e5', '+01:00', '\x00', '\xff', '\xc3\xa4', '\xed\xa0\x80', ',"size":7', 'null'),
      fc.string({ maxLength: 2 }),
      // A piece of the text itself: fields twice, in another order, of another entry.
      fc
        .tuple(fc.nat(text.length - 1), fc.nat(60))
        .map(([at, length]) => Buffer.from(text.subarray(at, at + length)).toString('latin1')),
    ),
  });
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
      let edited = Buffer.from(text);
      for (const { at, remove, insert } of edits) {
        edited = Buffer.concat([edited.subarray(0, at), Buffer.from(insert, 'latin1'), edited.subarray(at + remove)]);
      }
      const rows = scan(edited);
      if (!rows) return;
      accepted++;
      expect(rows).toEqual(decodeTree(edited).map(rowOfNode));
    }),
    { numRuns: 40_000 },
  );
  expect(accepted).toBeGreaterThan(500);
});
