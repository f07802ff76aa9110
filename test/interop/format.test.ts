import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunkBoundaries } from '../../main/engine/chunker/chunker.ts';
import { hasCode } from '../../main/engine/errors.ts';
import { parseConfig, type RepositoryConfig } from '../../main/engine/format/config.ts';
import { type Key, open, seal } from '../../main/engine/format/crypto.ts';
import { decodeIndex, encodeIndex, type IndexedPack } from '../../main/engine/format/index-file.ts';
import { createKeyFile, openKeyFile } from '../../main/engine/format/key-file.ts';
import { goModeOf } from '../../main/engine/format/mode.ts';
import {
  checkPackLayout,
  type PackEntry,
  parsePackHeader,
  readPackHeaderLength,
} from '../../main/engine/format/pack.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../main/engine/format/snapshot.ts';
import { formatLocalTime } from '../../main/engine/format/time.ts';
import { decodeTree, type TreeNode } from '../../main/engine/format/tree.ts';
import { encodeTree } from '../../main/engine/format/tree-text.ts';
import { decodeUnpacked, encodeUnpacked } from '../../main/engine/format/unpacked.ts';
import { decompress } from '../../main/engine/format/zstd.ts';
import type { BlobId } from '../../main/engine/ids.ts';
import { hex, toHex } from '../support/bytes.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Everything that stock restic wrote is read and, where its bytes decide an id, written again byte for byte. */

const PASSPHRASE = 'a päss "phrase"';
const NAMES = [
  'plain',
  'a"b',
  'back\\slash',
  'nl\nx',
  '<&>',
  'é',
  'e\u0301',
  '\u2028',
  '\u00a0',
  '\u061d',
  '日本 😀',
  "it's",
];

let folder: TemporaryFolder;
let program: Restic;
let repository: string;
let key: Key;
let config: RepositoryConfig;
let packs: readonly IndexedPack[];
const blobs = new Map<string, { readonly type: string; readonly plain: Uint8Array }>();
const big = Uint8Array.from(randomBytes(9_000_000));

beforeAll(async () => {
  folder = await temporaryFolder('format');
  repository = join(folder.path, 'repo');
  await makeSource(join(folder.path, 'source'));
  program = restic({ repository, passphrase: PASSPHRASE, scratch: folder.path });
  await program.init();
  await program.backup([join(folder.path, 'source')], '--tag', 'one', '--tag', 'a<b', '--exclude', '*.nope');
  const [keyFile] = await filesIn('keys');
  key = await openKeyFile(keyFile?.bytes ?? new Uint8Array(), PASSPHRASE);
  config = parseConfig(open(key, await readFile(join(repository, 'config'))));
  packs = (await filesIn('index')).flatMap(({ bytes }) => decodeIndex(decodeUnpacked(open(key, bytes))).packs);
  for (const pack of packs) {
    const bytes = await readPack(pack.id);
    for (const entry of pack.blobs) blobs.set(entry.id, { type: entry.type, plain: blobOf(bytes, entry) });
  }
});

afterAll(() => folder.remove());

describe('what restic wrote', () => {
  it('opens with its passphrase only', async () => {
    const [keyFile] = await filesIn('keys');
    expect(config.version).toBe(2);
    await expect(openKeyFile(keyFile?.bytes ?? hex(''), 'wrong')).rejects.toMatchObject({
      code: 'repo/wrong-passphrase',
    });
  });

  it('has packs whose header is their index entry and whose blobs have their own hash', async () => {
    expect(packs.length).toBeGreaterThan(1);
    for (const pack of packs) {
      const bytes = await readPack(pack.id);
      const length = readPackHeaderLength(bytes.subarray(-4), bytes.length);
      const entries = parsePackHeader(open(key, bytes.subarray(bytes.length - 4 - length, -4)));
      const byOffset = pack.blobs.toSorted((a, b) => a.offset - b.offset);
      expect(entries).toEqual(byOffset);
      checkPackLayout(pack.blobs, bytes.length);
    }
    for (const [id, { plain }] of blobs) expect(sha256(plain)).toBe(id);
  });

  it('has index files that we write byte for byte', async () => {
    for (const { bytes } of await filesIn('index')) {
      const text = decodeUnpacked(open(key, bytes));
      const { packs: decoded, supersedes } = decodeIndex(text);
      expect(encodeIndex(decoded, supersedes).toString()).toBe(text);
    }
  });

  it('has a snapshot that we write byte for byte', async () => {
    const [file] = await filesIn('snapshots');
    const text = decodeUnpacked(open(key, file?.bytes ?? hex('')));
    expect(encodeSnapshot(decodeSnapshot(text))).toBe(text);
    expect(decodeSnapshot(text)).toMatchObject({ tags: ['one', 'a<b'], excludes: ['*.nope'] });
  });

  it('has trees that we write byte for byte', () => {
    const trees = [...blobs.values()].filter(({ type }) => type === 'tree');
    expect(trees.length).toBeGreaterThan(3);
    for (const { plain } of trees) expect(toHex(encodeTree(decodeTree(plain)))).toBe(toHex(plain));
  });

  it('has nodes with the names, modes and times of the files', async () => {
    const nodes = await sourceNodes();
    const source = Buffer.from(`${join(folder.path, 'source')}/`);
    const names = await readdir(source, { encoding: 'buffer' });
    expect(nodes.map(({ name }) => toHex(name))).toEqual(names.toSorted(Buffer.compare).map(toHex));
    for (const node of nodes.filter(({ type }) => type === 'file' || type === 'dir')) {
      const real = await stat(Buffer.concat([source, node.name]), { bigint: true });
      expect(node).toMatchObject({ mode: goModeOf(Number(real.mode)), inode: real.ino, deviceId: real.dev });
      expect(node.mtime.ns).toBe(real.mtimeNs);
      expect(node.mtime.text).toBe(formatLocalTime(real.mtimeNs));
      expect(node.ctime.text).toBe(formatLocalTime(real.ctimeNs));
    }
  });

  it('is cut where we cut', async () => {
    const node = (await sourceNodes()).find(({ name }) => Buffer.from(name).toString() === 'big.bin');
    let start = 0;
    const ids = chunkBoundaries(config.chunkerPolynomial, big).map((end) => {
      const id = sha256(big.subarray(start, end)) as BlobId;
      start = end;
      return id;
    });
    expect(node?.content).toEqual(ids);
  });

  it('gives typed errors and nothing else when it is damaged', async () => {
    const files = [...(await filesIn('index')), ...(await filesIn('snapshots')), ...(await filesIn('keys'))];
    const trees = [...blobs.values()].filter(({ type }) => type === 'tree').map(({ plain }) => plain);
    const documents = [...trees, ...files.slice(0, -1).map(({ bytes }) => open(key, bytes))];
    for (const plain of documents) {
      for (let round = 0; round < 200; round++) {
        const mutated = mutate(plain, round);
        damageOnly(() => decodeTree(mutated));
        damageOnly(() => decodeSnapshot(decodeUnpacked(mutated)));
        damageOnly(() => decodeIndex(decodeUnpacked(mutated)));
      }
    }
    for (const { bytes } of files.slice(0, 2)) {
      for (let round = 0; round < 50; round++) expect(() => open(key, mutate(bytes, round))).toThrow();
    }
  });
});

describe('what we write', () => {
  it('opens restic repositories: a second key file with another passphrase', async () => {
    const file = await createKeyFile({
      passphrase: 'other ß',
      masterKey: key,
      params: { N: 1024, r: 8, p: 1 },
      created: '2026-11-23T05:17:07.5Z',
      hostname: 'h"<',
      username: 'u',
      random: (length) => Uint8Array.from(randomBytes(length)),
    });
    await writeFile(join(repository, 'keys', sha256(file)), file);
    const other = restic({ repository, passphrase: 'other ß', scratch: folder.path });
    expect(await other.snapshots()).toHaveLength(1);
    await other.check('--read-data');
  });

  it('is a snapshot that restic lists and restores', async () => {
    const [file] = await filesIn('snapshots');
    const original = decodeSnapshot(decodeUnpacked(open(key, file?.bytes ?? hex(''))));
    const snapshot: Snapshot = { ...original, time: { ns: original.time.ns + 1n }, hostname: 'triplicate & co' };
    const sealed = seal(key, randomBytes(16), encodeUnpacked(encodeSnapshot(snapshot)));
    await writeFile(join(repository, 'snapshots', sha256(sealed)), sealed);
    const listed = (await program.snapshots()).find(({ hostname }) => hostname === 'triplicate & co');
    expect(listed?.tree).toBe(original.tree);
    await program.check();
  });
});

async function makeSource(source: string): Promise<void> {
  await mkdir(join(source, 'empty'), { recursive: true });
  await mkdir(join(source, 'deep', 'er'), { recursive: true, mode: 0o2775 });
  for (const name of NAMES) await writeFile(join(source, name), `content of ${name}`);
  const notUtf8 = Buffer.concat([Buffer.from(`${source}/bad`), hex('ff80eda080')]);
  await writeFile(notUtf8, 'x');
  await writeFile(join(source, 'nothing'), '');
  await writeFile(join(source, 'deep', 'er', 'setuid'), 'x', { mode: 0o4755 });
  await writeFile(join(source, 'big.bin'), big);
  await utimes(join(source, 'plain'), 86_400 * 365, 86_400 * 365);
  await utimes(join(source, 'empty'), -5, -5);
  await link(join(source, 'plain'), join(source, 'plain-again'));
  await symlink('plain <target>', join(source, 'link'));
  await execa('mkfifo', [join(source, 'pipe')]);
}

async function filesIn(type: string): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]> {
  const names = await readdir(join(repository, type));
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(repository, type, name)) })));
}

function readPack(id: string): Promise<Buffer> {
  return readFile(join(repository, 'data', id.slice(0, 2), id));
}

function blobOf(pack: Uint8Array, entry: PackEntry): Uint8Array {
  const stored = open(key, pack.subarray(entry.offset, entry.offset + entry.length));
  return entry.uncompressedLength > 0 ? decompress(stored, entry.uncompressedLength) : stored;
}

/** The nodes of the source folder, found from the snapshot's root. */
async function sourceNodes(): Promise<readonly TreeNode[]> {
  const [file] = await filesIn('snapshots');
  let tree: string = decodeSnapshot(decodeUnpacked(open(key, file?.bytes ?? hex('')))).tree;
  for (const step of join(folder.path, 'source').split('/').slice(1)) {
    const node = treeOf(tree).find(({ name }) => Buffer.from(name).toString() === step);
    tree = node?.subtree ?? '';
  }
  return treeOf(tree);
}

function treeOf(id: string): readonly TreeNode[] {
  return decodeTree(blobs.get(id)?.plain ?? new Uint8Array());
}

function mutate(bytes: Uint8Array, round: number): Uint8Array {
  const mutated = Uint8Array.from(bytes);
  const [at = 0, value = 0] = new Uint32Array(Uint8Array.from(randomBytes(8)).buffer);
  if (round % 3 === 0) return mutated.subarray(0, at % bytes.length);
  const place = at % bytes.length;
  mutated[place] = (mutated[place] ?? 0) ^ (1 + (value % 255));
  return mutated;
}

function damageOnly(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!hasCode(error, 'repo/damaged')) throw error;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
