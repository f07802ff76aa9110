import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadIndex, pathText, type Repository, walkTree } from '../../main/engine/engine.ts';
import type { WireError } from '../../main/engine/errors.ts';
import { Sealer } from '../../main/engine/format/sealer.ts';
import type { TreeColumns } from '../../main/engine/format/tree-columns.ts';
import type { TreeId } from '../../main/engine/ids.ts';
import { IndexWriter } from '../../main/engine/repository/index-writer.ts';
import { PackBuilder } from '../../main/engine/repository/pack-builder.ts';
import { hexSha256 } from '../../main/engine/repository/sha256.ts';
import { type Descent, walkColumns } from '../../main/engine/walk/walk-columns.ts';
import { newRepository } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The walk in columns meets what the walk in objects meets, on trees of any shape with directories that are lost. */

let scratch: TemporaryFolder;
let repository: Repository;
let index: IndexWriter;

beforeAll(async () => {
  scratch = await temporaryFolder('walk-columns');
  repository = await newRepository(join(scratch.path, 'repository'));
  index = new IndexWriter(repository);
});
afterAll(() => scratch.remove());

/** Writes directories into one pack; gives their ids. */
async function store(texts: readonly string[]): Promise<readonly TreeId[]> {
  const plains = texts.map((text) => Buffer.from(text));
  const builder = new PackBuilder(plains.reduce((sum, { length }) => sum + length, 0));
  const sealer = new Sealer(repository.key, randomFillSync);
  const ids = plains.map((plain) => hexSha256(plain) as TreeId);
  for (const [n, plain] of plains.entries()) {
    builder.add(sealer, { type: 'tree', id: Buffer.from(ids[n] ?? '', 'hex'), stored: plain, uncompressedLength: 0 });
  }
  const pack = builder.finish(repository.key, repository.host.random(16));
  await repository.store.put({ type: 'data', id: pack.id }, pack.bytes);
  index.add(pack);
  return ids;
}

const TIME = '"2020-01-01T00:00:00Z"';
const TIMES = `"mtime":${TIME},"atime":${TIME},"ctime":${TIME},"uid":0,"gid":0`;
const file = (name: string): string => `{"name":"${name}","type":"file","mode":420,${TIMES},"content":[]}`;
const folder = (name: string, id: string): string =>
  `{"name":"${name}","type":"dir","mode":2147484141,${TIMES},"content":null,"subtree":"${id}"}`;
const textOf = (nodes: readonly string[]): string => `{"nodes":[${nodes.join(',')}]}\n`;

interface Shape {
  readonly files: number;
  readonly folders: readonly Shape[];
  readonly state: 'whole' | 'lost' | 'not a tree' | 'written otherwise';
}
const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    files: fc.nat(3),
    folders: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('shape'), { maxLength: 4 })),
    state: fc.constantFrom('whole', 'whole', 'whole', 'whole', 'lost', 'not a tree', 'written otherwise'),
  }),
}));

/** Stores what the shape says, the deepest first; `n` makes each directory another one. */
async function make(one: Shape, n: { value: number }): Promise<TreeId> {
  const ids: TreeId[] = [];
  for (const below of one.folders) ids.push(await make(below, n));
  const own = n.value++;
  const nodes = [
    ...Array.from({ length: one.files }, (_, at) => file(`a${own}-${at}`)),
    ...ids.map((id, at) => folder(`d${at}`, id)),
  ];
  const plain = textOf(nodes);
  if (one.state === 'lost') return hexSha256(Buffer.from(`${own} lost`)) as TreeId;
  const text =
    one.state === 'not a tree'
      ? `[${own}`
      : one.state === 'written otherwise'
        ? plain.replaceAll('"mode"', ' "mode"')
        : plain;
  return (await store([text]))[0] as TreeId;
}

interface Met {
  readonly entries: readonly string[];
  readonly unreadable: readonly string[];
}

async function walkInObjects(root: TreeId): Promise<Met> {
  const { index: loaded } = await loadIndex(repository);
  const entries: string[] = [];
  const unreadable: string[] = [];
  await walkTree(repository, loaded, root, {
    entry(path) {
      entries.push(pathText(path));
      return 'descend';
    },
    unreadable: (path, _tree, { code, message }) => unreadable.push(`${pathText(path)} ${code} ${message}`),
  });
  return { entries, unreadable };
}

async function walkInColumns(root: TreeId): Promise<Met> {
  const { index: loaded } = await loadIndex(repository);
  const entries: string[] = [];
  const unreadable: string[] = [];
  const visitor = {
    async directory(path: string, columns: TreeColumns): Promise<readonly Descent<string>[]> {
      const names = Array.from({ length: columns.count }, (_, row) => Buffer.from(columns.name(row)).toString());
      entries.push(...names.map((name) => `${path}/${name}`));
      return [...columns.subtrees].map(([row, tree]) => ({ tree, folder: `${path}/${names[row]}` }));
    },
    unreadable: (path: string, { code, message }: WireError) => {
      unreadable.push(`${path || '/'} ${code} ${message}`);
    },
  };
  await walkColumns(repository, loaded, { tree: root, folder: '' }, visitor);
  return { entries, unreadable };
}

it('meets every entry, a folder before what is in it, and names every directory that cannot be read', async () => {
  const n = { value: 0 };
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(shape, async (one) => {
      const root = await make(one, n);
      await index.flush();
      const [met, wanted] = [await walkInColumns(root), await walkInObjects(root)];
      expect([...met.entries].sort()).toEqual([...wanted.entries].sort());
      expect([...met.unreadable].sort()).toEqual([...wanted.unreadable].sort());
      lost += met.unreadable.length;
      const seen = new Set(['']);
      for (const path of met.entries) {
        expect(seen).toContain(path.slice(0, path.lastIndexOf('/')));
        seen.add(path);
      }
    }),
    { numRuns: 40 },
  );
  expect(lost).toBeGreaterThan(5);
}, 60_000);

it('reads directories beside each other with few requests, also between those that are lost', async () => {
  const texts = Array.from({ length: 600 }, (_, n) => textOf([file(`in ${n}`)]));
  const ids = await store(texts);
  const isLost = (n: number): boolean => n % 50 === 7;
  const nodes = ids.map((id, n) => folder(String(n).padStart(3, '0'), isLost(n) ? hexSha256(Buffer.from(`${n}`)) : id));
  const [root] = await store([textOf(nodes)]);
  await index.flush();
  const { index: loaded } = await loadIndex(repository);
  let requests = 0;
  const counting: Repository = {
    ...repository,
    store: Object.assign(Object.create(repository.store), {
      get: (...args: Parameters<typeof repository.store.get>) => {
        requests++;
        return repository.store.get(...args);
      },
    }),
  };
  let directories = 0;
  let unreadable = 0;
  const visitor = {
    directory: async (_: string, columns: TreeColumns): Promise<readonly Descent<string>[]> => {
      directories++;
      return [...columns.subtrees.values()].map((tree) => ({ tree, folder: '' }));
    },
    unreadable: () => {
      unreadable++;
    },
  };
  await walkColumns(counting, loaded, { tree: root as TreeId, folder: '' }, visitor);
  expect([directories, unreadable]).toEqual([589, 12]);
  expect(requests).toBeLessThan(20);
});
