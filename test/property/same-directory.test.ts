import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytePathOf, bytesOf } from '../../main/engine/backup/byte-path.ts';
import { type Draft, entryFromStat, isSameEntry } from '../../main/engine/backup/entry.ts';
import {
  CTIME,
  DEVICE,
  INODE,
  type Listing,
  listDirectory,
  MODE,
  nameAt,
  SIZE,
  STAT_FIELDS,
  statAt,
} from '../../main/engine/backup/listing.ts';
import { OwnerNames } from '../../main/engine/backup/owner-names.ts';
import { compareDirectory } from '../../main/engine/backup/same-directory.ts';
import { Selection } from '../../main/engine/backup/selection.ts';
import { localOffsetMinutes } from '../../main/engine/format/time.ts';
import { decodeTree, type TreeNode } from '../../main/engine/format/tree.ts';
import { encodeTree } from '../../main/engine/format/tree-text.ts';
import type { BlobId, TreeId } from '../../main/engine/ids.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * The quick comparison may only say "the same" where the slow one does, whatever the text: what it says is the same is
 * taken over unread.
 */

const owners = new OwnerNames();
const context = { owners, utcOffsetMinutes: localOffsetMinutes };
const selection = new Selection({ excludes: [], largest: null, markers: [], cacheTags: 'ignored', ownPlaces: [] });
const names = ['a', 'b c', 'ä', 'file-with-a-longer-name.txt', 'z'];
let scratch: TemporaryFolder;
let listing: Listing;

beforeAll(async () => {
  scratch = await temporaryFolder('same-directory');
  for (const [n, name] of names.entries()) {
    writeFileSync(join(scratch.path, name), 'x'.repeat(n * 1000));
    utimesSync(join(scratch.path, name), n, n * 1e8 + n / 3);
  }
  mkdirSync(join(scratch.path, 'folder'));
  symlinkSync('where', join(scratch.path, 'link'));
  execFileSync('mkfifo', [join(scratch.path, 'pipe')]);
  listing = list(scratch.path);
});
afterAll(() => scratch.remove());

const list = (path: string) => listDirectory(bytePathOf(path), bytePathOf(path), selection);
const compare = (text: Uint8Array, of: Listing = listing) => compareDirectory(text, of, { owners, selection });

/** The nodes that a backup would store. */
function nodesOf(of: Listing): TreeNode[] {
  return Array.from({ length: of.count }, (_, position) => {
    const stat = statAt(of, position);
    if (!stat) throw new Error('The stat is missing.');
    const draft: Draft = entryFromStat(bytesOf(nameAt(of, position)), stat, context);
    if (draft.type === 'file') draft.content = contentOf(position);
    if (draft.type === 'dir') draft.subtree = 'ab'.repeat(32) as TreeId;
    if (draft.type === 'symlink') draft.linkTarget = Buffer.from('where');
    return draft;
  });
}

const contentOf = (position: number): BlobId[] =>
  Array.from({ length: position % 3 }, (_, n) => (position * 16 + n).toString(16).padStart(64, '0') as BlobId);

/** What the slow way says of the same text: every name there, every entry the same. */
function isSameSlowly(text: Uint8Array, of: Listing): boolean {
  const nodes = decodeTree(text);
  return (
    nodes.length === of.count &&
    nodes.every((node, position) => {
      const stat = statAt(of, position);
      return stat && bytesOf(nameAt(of, position)).equals(node.name) && isSameEntry(node, stat, context);
    })
  );
}

it('knows an unchanged directory, its files, their content and the directories in it', () => {
  const nodes = nodesOf(listing);
  const text = encodeTree(nodes);
  const same = compare(text);
  const ids = nodes.flatMap(({ content }) => content ?? []);
  expect(same).toMatchObject({ files: names.length, bytes: nodes.reduce((sum, { size }) => sum + size, 0) });
  expect(Buffer.from(same?.contentIds ?? []).toString('hex')).toBe(ids.join(''));
  expect(same?.directories).toHaveLength(1);
  const [{ position, start, end } = { position: 0, start: 0, end: 0 }] = same?.directories ?? [];
  expect(nodes[position]?.type).toBe('dir');
  expect(JSON.parse(Buffer.from(text.subarray(start, end)).toString())).toMatchObject({ name: 'folder', type: 'dir' });
});

it('knows attributes, owners without a name, and an empty directory', () => {
  const nodes = nodesOf(listing).map((node) => ({
    ...node,
    extendedAttributes: [{ name: 'security.selinux', value: Buffer.from('label') }],
  }));
  expect(compare(encodeTree(nodes))).not.toBeNull();
  const foreign = { ...listing, stats: listing.stats.map((value, n) => (n % STAT_FIELDS === 1 ? 987_654n : value)) };
  expect(compare(encodeTree(nodesOf(foreign)), foreign)).not.toBeNull();
  const path = join(scratch.path, 'folder');
  expect(compare(Buffer.from('{"nodes":[]}\n'), list(path))).toMatchObject({ files: 0, directories: [] });
  rmSync(path, { recursive: true });
});

it('sees every change of what the system says', () => {
  const text = encodeTree(nodesOf(listing));
  const fields = [MODE, INODE, DEVICE, SIZE, CTIME, CTIME - 1];
  fc.assert(
    fc.property(
      fc.nat(listing.count - 1),
      fc.constantFrom(...fields),
      fc.oneof(
        fc.constantFrom(1n, -1n, 1n << 32n, -(1n << 32n), 1_000_000_000n),
        fc.bigInt({ min: 1n, max: 1n << 62n }),
      ),
      (position, field, change) => {
        const at = position * STAT_FIELDS + field;
        const stats = listing.stats.slice();
        stats[at] = (stats[at] as bigint) + change;
        const changed = { ...listing, stats };
        if (compare(text, changed)) expect(isSameSlowly(text, changed)).toBe(true);
        else if (statAt(changed, position)) expect(isSameSlowly(text, changed)).toBe(false);
      },
    ),
    { numRuns: 3000 },
  );
});

it('never says "the same" where the slow comparison does not, whatever the text', () => {
  const text = encodeTree(nodesOf(listing));
  const edit = fc.record({
    at: fc.nat(text.length - 1),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '9',
        '\\',
        '"',
        ',',
        '}',
        ' ',
        '\\u0061',
        'Z',
        '-',
        '.',
        ':',
        '00',
        '+01:00',
        '\x00',
        '\xff',
      ),
      fc.string({ maxLength: 2 }),
    ),
  });
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
      let bytes = Buffer.from(text);
      for (const { at, remove, insert } of edits) {
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(insert, 'latin1'), bytes.subarray(at + remove)]);
      }
      if (!compare(bytes)) return;
      accepted++;
      expect(isSameSlowly(bytes, listing)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
  // Changes of what is not compared: the time of the last access, ids, where a link leads.
  expect(accepted).toBeGreaterThan(10);
});

it('sees another zone as the same instant, and an instant beside it as another', () => {
  const [node] = nodesOf(listing);
  if (!node) throw new Error('There is nothing.');
  const only = { ...listing, count: 1 };
  const textOf = (shift: bigint, offset: number) => {
    const ns = node.mtime.ns + shift;
    const mtime = { ns, text: zoned(ns, offset) };
    return encodeTree([{ ...node, mtime, atime: mtime }]);
  };
  for (const offset of [0, 60, -330]) {
    expect(compare(textOf(0n, offset), only)).not.toBeNull();
    for (const shift of [1n, -1n, 1n << 32n, 60_000_000_000n]) expect(compare(textOf(shift, offset), only)).toBeNull();
  }
});

function zoned(ns: bigint, offset: number): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000 + offset * 60_000).toISOString().slice(0, 19);
  const zone = `${offset < 0 ? '-' : '+'}${String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0')}:${String(Math.abs(offset) % 60).padStart(2, '0')}`;
  return `${second}.${String(ns % 1_000_000_000n).padStart(9, '0')}${zone}`;
}
