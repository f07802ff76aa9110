import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check, findSnapshot, loadIndex, planRestore, restore } from '../../main/engine/engine.ts';
import { encodeIndex } from '../../main/engine/format/index-file.ts';
import type { PackId } from '../../main/engine/ids.ts';
import { writeUnpacked } from '../../main/engine/repository/unpacked-files.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let location: string;
let source: string;

beforeEach(async () => {
  scratch = await temporaryFolder('damage');
  location = join(scratch.path, 'repository');
  source = join(scratch.path, 'source');
  await mkdir(join(source, 'folder'), { recursive: true });
  await newRepository(location);
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await writeFile(join(source, 'first'), randomBytes(900_000));
  await judge.backup([source]);
  await writeFile(join(source, 'folder/second'), randomBytes(900_000));
  await judge.backup([source]);
});
afterEach(() => scratch.remove());

/** The file of a room that holds a blob of the given kind, or any file of the room. */
async function fileOf(room: 'index' | 'snapshots' | 'locks' | 'data'): Promise<string> {
  if (room !== 'data') return join(location, room, (await readdir(join(location, room)))[0] ?? '');
  const repository = await reopen(location);
  const { index } = await loadIndex(repository);
  const { snapshot } = await findSnapshot(repository, 'latest');
  const plan = await planRestore({
    repository,
    tree: snapshot.tree,
    target: join(scratch.path, 'x'),
    existing: 'skip',
  });
  const first = plan.entries.find(({ text }) => text.endsWith('/first'))?.node.content?.[0];
  const place = first && index.lookup('data', first);
  if (!place) throw new Error('The first file has no place.');
  return join(location, 'data', place.packId.slice(0, 2), place.packId);
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[200] = (bytes[200] ?? 0) ^ 0x40;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

const damages = {
  removed: (path: string) => rm(path),
  truncated: async (path: string) => {
    await chmod(path, 0o600);
    await truncate(path, 150);
  },
  flipped: flip,
} as const;

describe.each(Object.keys(damages) as (keyof typeof damages)[])('a pack that was %s', (kind) => {
  it('is named by check with what it costs, and everything else is restored', async () => {
    await damages[kind](await fileOf('data'));
    const repository = await reopen(location);
    const report = await check({ repository, read: 'data' });
    expect(report.result).toBe('damaged');
    expect(report.findings.some(({ level, code }) => level === 'error' && code.startsWith('pack-'))).toBe(true);
    expect(report.affected).toHaveLength(2);
    for (const { lost } of report.affected) expect(lost).toEqual([join(source, 'first')]);

    const target = join(scratch.path, 'target');
    const { snapshot } = await findSnapshot(repository, 'latest');
    const result = await restore(
      await planRestore({ repository, tree: snapshot.tree, target, from: source, existing: 'replace' }),
    );
    expect(result.result).toBe('incomplete');
    expect(result.leftOut.map(({ path }) => path)).toEqual([join(source, 'first')]);
    expect(await readdir(target)).toEqual(['folder']);
    expect(await readFile(join(target, 'folder/second'))).toEqual(await readFile(join(source, 'folder/second')));
  });
});

describe.each(['snapshots', 'index'] as const)('a damaged file in %s', (room) => {
  it('is named by check', async () => {
    await flip(await fileOf(room));
    const report = await check({ repository: await reopen(location), read: 'structure' });
    expect(report.result).toBe('damaged');
    const code = room === 'index' ? 'index-unreadable' : 'snapshot-unreadable';
    expect(report.findings.map((finding) => finding.code)).toContain(code);
  });
});

it('a blob with a good second copy is restored although the first is damaged', async () => {
  const first = await fileOf('data');
  const second = join(scratch.path, 'other');
  await cp(location, second, { recursive: true });
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  // Without its index the pack is not known, so a new backup stores the content again.
  await cp(join(location, 'index'), join(scratch.path, 'index'), { recursive: true });
  for (const name of await readdir(join(location, 'index'))) await rm(join(location, 'index', name));
  await judge.backup([source], '--force', '--no-cache');
  await cp(join(scratch.path, 'index'), join(location, 'index'), { recursive: true });
  await flip(first);
  const repository = await reopen(location);
  const report = await check({ repository, read: 'data' });
  expect(report.result).toBe('damaged');
  expect(report.affected).toEqual([]);
  const { snapshot } = await findSnapshot(repository, 'latest');
  const target = join(scratch.path, 'target');
  const result = await restore(
    await planRestore({ repository, tree: snapshot.tree, target, from: source, existing: 'replace' }),
  );
  expect(result.result).toBe('complete');
  expect(await readFile(join(target, 'first'))).toEqual(await readFile(join(source, 'first')));
});

it.each(['before', 'behind'])(
  'a file is restored from the good copy when the index is wrong about a copy that it names %s it',
  async (where) => {
    const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
    await writeFile(join(source, 'first'), randomBytes(9_000_000));
    const takeIndex = async () => {
      const { index } = await loadIndex(await reopen(location));
      const packs = [...index.packs()];
      for (const name of await readdir(join(location, 'index'))) await rm(join(location, 'index', name));
      return packs;
    };
    const old = await takeIndex();
    await judge.backup([source], '--force', '--no-cache');
    const right = await takeIndex();
    // Without an index everything is stored again.
    await judge.backup([source], '--force', '--no-cache');
    const wrong = (await takeIndex()).map((pack) => ({
      ...pack,
      blobs: pack.blobs.map((blob) => (blob.type === 'data' ? { ...blob, uncompressedLength: 77 } : blob)),
    }));
    const packs = where === 'before' ? [...wrong, ...right] : [...right, ...wrong];
    const repository = await reopen(location);
    await writeUnpacked(repository, 'index', encodeIndex([...packs, ...old]));
    const report = await check({ repository, read: 'data' });
    expect([report.result, report.affected]).toEqual(['damaged', []]);
    const { snapshot } = await findSnapshot(repository, 'latest');
    const target = join(scratch.path, 'target');
    const request = { repository, tree: snapshot.tree, target, from: source, existing: 'replace' } as const;
    expect((await restore(await planRestore(request))).result).toBe('complete');
    expect(Buffer.compare(await readFile(join(target, 'first')), await readFile(join(source, 'first')))).toBe(0);
  },
);

it('takes nothing from an index file of which a part cannot be understood', async () => {
  const repository = await reopen(location);
  const blob = (type: string) => `{"id":"${'ab'.repeat(32)}","type":"${type}","offset":0,"length":40}`;
  const pack = (digit: string, type: string) => `{"id":"${digit.repeat(64)}","blobs":[${blob(type)}]}`;
  const id = await writeUnpacked(repository, 'index', `{"packs":[${pack('c', 'data')},${pack('d', 'of tomorrow')}]}`);
  const { index, damaged } = await loadIndex(repository, { onDamage: 'report' });
  expect(damaged.map((file) => file.id)).toEqual([id]);
  expect(index.hasPack('c'.repeat(64) as PackId)).toBe(false);
});
