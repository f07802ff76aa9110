import { randomFillSync } from 'node:crypto';
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planRestore, type Repository, restore } from '../../main/engine/engine.ts';
import { Sealer } from '../../main/engine/format/sealer.ts';
import type { TreeId } from '../../main/engine/ids.ts';
import { IndexWriter } from '../../main/engine/repository/index-writer.ts';
import { PackBuilder } from '../../main/engine/repository/pack-builder.ts';
import { hexSha256 } from '../../main/engine/repository/sha256.ts';
import { newRepository } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let repository: Repository;
let index: IndexWriter;

beforeEach(async () => {
  scratch = await temporaryFolder('hostile');
  repository = await newRepository(join(scratch.path, 'repository'));
  index = new IndexWriter(repository);
});
afterEach(() => scratch.remove());

/** Stores a blob; `claimed`: the uncompressed length that the pack says, true or not. */
async function store(type: 'data' | 'tree', content: string | Buffer): Promise<string> {
  const plain = Buffer.from(content);
  const id = hexSha256(plain) as TreeId;
  const builder = new PackBuilder(plain.length);
  builder.add(new Sealer(repository.key, randomFillSync), {
    type,
    id: Buffer.from(id, 'hex'),
    stored: plain,
    uncompressedLength: 0,
  });
  const pack = builder.finish(repository.key, repository.host.random(16));
  await repository.store.put({ type: 'data', id: pack.id }, pack.bytes);
  index.add(pack);
  return id;
}

const TIMES =
  '"mtime":"2020-01-01T00:00:00Z","atime":"2020-01-01T00:00:00Z","ctime":"2020-01-01T00:00:00Z","uid":0,"gid":0';
const file = (name: string, id: string, more = '"size":4') =>
  `{"name":"${name}","type":"file","mode":420,${TIMES},${more},"content":["${id}"]}`;
const folder = (name: string, id: string) =>
  `{"name":"${name}","type":"dir","mode":2147484141,${TIMES},"content":null,"subtree":"${id}"}`;
const link = (name: string, to: string) =>
  `{"name":"${name}","type":"symlink","mode":134218239,${TIMES},"linktarget":"${to}","content":null}`;
const tree = (...nodes: readonly string[]) => store('tree', `{"nodes":[${nodes.join(',')}]}\n`);

async function restored(root: string) {
  await index.flush();
  const target = join(scratch.path, 'inside', 'target');
  await mkdir(target, { recursive: true });
  const plan = await planRestore({ repository, tree: root as TreeId, target, existing: 'replace' });
  return { target, report: await restore(plan) };
}

it('never leaves the target, whatever the names say, and restores the rest', async () => {
  const evil = await store('data', 'evil');
  const good = await store('data', 'good');
  const below = await tree(file('planted', evil));
  const names = ['..', '.', '', '/etc/planted', 'a/b', '../planted', 'nul\\\\x00byte'];
  const root = await tree(
    ...names.map((name) => file(name, evil)),
    folder('..', below),
    folder('sub', below),
    file('z good', good),
  );
  const { target, report } = await restored(root);
  expect((await readdir(target)).sort()).toEqual(['sub', 'z good']);
  expect(await readdir(join(scratch.path, 'inside'))).toEqual(['target']);
  expect(await readFile(join(target, 'z good'), 'utf8')).toBe('good');
  expect(report.result).toBe('incomplete');
  expect(report.leftOut.filter(({ reason }) => reason === 'unsafe-name')).toHaveLength(names.length + 1);
});

it('does not write through a link that the snapshot itself brings', async () => {
  const evil = await store('data', 'evil');
  const outside = join(scratch.path, 'outside');
  await mkdir(outside);
  const below = await tree(file('planted', evil));
  const { target, report } = await restored(await tree(link('x', outside), folder('x', below), folder('y', below)));
  expect(await readdir(outside)).toEqual([]);
  expect(report.leftOut.map(({ reason }) => reason)).toEqual(['duplicate-name']);
  expect(await readlink(join(target, 'x'))).toBe(outside);
});

it('leaves out a file whose content is not as long as the snapshot says, or is not there', async () => {
  const good = await store('data', 'good');
  const { target, report } = await restored(
    await tree(file('a', good, '"size":5'), file('b', 'ab'.repeat(32)), file('c', good)),
  );
  expect(await readdir(target)).toEqual(['c']);
  expect(report.leftOut.map(({ path, reason }) => [path, reason])).toEqual([
    ['/a', 'damaged'],
    ['/b', 'missing'],
  ]);
});

it('links only names with the same content, whatever the inode says', async () => {
  const one = await store('data', 'one!');
  const two = await store('data', 'two!');
  const more = '"inode":7,"device_id":1,"size":4,"links":2';
  const { target } = await restored(await tree(file('a', one, more), file('b', two, more), file('c', one, more)));
  const read = (name: string) => readFile(join(target, name), 'utf8');
  expect(await Promise.all(['a', 'b', 'c'].map(read))).toEqual(['one!', 'two!', 'one!']);
});

it('names what lies too far below a folder that no file system takes, and restores the rest', async () => {
  const good = await store('data', 'good');
  let below = await tree(
    file('a', good),
    file('empty', '').replace('[""]', '[]').replace(',"size":4', ''),
    link('l', 'x'),
  );
  for (let level = 0; level < 16; level++) below = await tree(folder(`${level}`.padEnd(250, 'x'), below));
  const { target, report } = await restored(await tree(folder('n'.repeat(300), below), file('z good', good)));
  expect(await readdir(target)).toEqual(['z good']);
  expect(report.result).toBe('incomplete');
  expect(report.leftOut).toHaveLength(20);
  expect(new Set(report.leftOut.map(({ reason }) => reason))).toEqual(new Set(['failed']));
});

it('follows folders only as deep as any file system goes, and holds little of them meanwhile', async () => {
  const texts: Buffer[] = [];
  let below = '';
  for (let level = 0; level < 20_010; level++) {
    const nodes = below === '' ? [] : [folder('deep', below)];
    const text = Buffer.from(`{"nodes":[${nodes.join(',')}]}\n`);
    texts.push(text);
    below = hexSha256(text);
  }
  const builder = new PackBuilder(texts.reduce((sum, { length }) => sum + length, 0));
  const sealer = new Sealer(repository.key, randomFillSync);
  for (const text of texts) {
    const id = Buffer.from(hexSha256(text), 'hex');
    builder.add(sealer, { type: 'tree', id, stored: text, uncompressedLength: 0 });
  }
  const pack = builder.finish(repository.key, repository.host.random(16));
  await repository.store.put({ type: 'data', id: pack.id }, pack.bytes);
  index.add(pack);
  await index.flush();
  const target = join(scratch.path, 'target');
  const plan = await planRestore({ repository, tree: below as TreeId, target, existing: 'replace' });
  expect(plan.entries.length).toBe(20_000);
  expect(plan.leftOut.map(({ reason, text }) => [reason, text])).toEqual([
    ['damaged', expect.stringContaining('nested more than 20000 deep')],
  ]);
}, 60_000);
