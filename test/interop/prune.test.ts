import { createHash, randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forget, listSnapshots, loadIndex, prune } from '../../main/engine/engine.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { faulty } from '../support/faulty-store.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let location: string;
let source: string;

beforeEach(async () => {
  scratch = await temporaryFolder('prune');
  location = join(scratch.path, 'repository');
  source = join(scratch.path, 'source');
  await mkdir(source);
  await newRepository(location);
});
afterEach(() => scratch.remove());

const judgeOf = (repository: string) => restic({ repository, passphrase: PASSPHRASE, scratch: scratch.path });

async function makeHistory(): Promise<void> {
  for (let round = 0; round < 6; round++) {
    for (let n = 0; n < 8; n++) await writeFile(join(source, `file ${(round * 5 + n) % 13}`), randomBytes(700_000));
    await judgeOf(location).backup([source], '--tag', round % 2 ? 'odd' : 'even');
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

it('forgets and prunes to the same snapshots and the same size as restic on a copy of the repository', async () => {
  await makeHistory();
  const copy = join(scratch.path, 'copy');
  await cp(location, copy, { recursive: true });
  await judgeOf(copy).run('forget', '--keep-last', '2', '--keep-tag', 'nothing has it', '--prune');

  const repository = await reopen(location);
  const plan = await forget({ repository, policy: { last: 2 }, mode: 'plan' });
  expect(plan.groups.flatMap(({ remove }) => remove)).toHaveLength(4);
  expect((await listSnapshots(repository)).snapshots).toHaveLength(6);
  expect((await forget({ repository, policy: { last: 2 }, mode: 'remove' })).removed).toBe(4);
  const promised = await prune({ repository, mode: 'plan' });
  const report = await prune({ repository, mode: 'prune' });
  expect(report.bytes).toEqual(promised.bytes);
  await judgeOf(location).check('--read-data');
  const [ours, theirs] = [await sizeOf(join(location, 'data')), await sizeOf(join(copy, 'data'))];
  expect(ours).toBeLessThanOrEqual(theirs * 1.06);
  expect((await judgeOf(location).snapshots()).map(({ id }) => id)).toEqual(
    (await judgeOf(copy).snapshots()).map(({ id }) => id),
  );
  await judgeOf(location).restore('latest', join(scratch.path, 'restored'), '--verify');
  const again = await prune({ repository: await reopen(location), mode: 'prune' });
  expect([again.packsRemoved, again.packsWritten]).toEqual([0, 0]);
});

it('refuses to delete anything when a snapshot, an index or a needed pack cannot be read', async () => {
  await makeHistory();
  const repository = await reopen(location);
  await forget({ repository, policy: { last: 1 }, mode: 'remove' });
  const before = await sizeOf(join(location, 'data'));
  for (const room of ['snapshots', 'index']) {
    const [name = ''] = await readdir(join(location, room));
    const path = join(location, room, name);
    await cp(path, join(scratch.path, 'kept'));
    await rm(path);
    await writeFile(path, randomBytes(500));
    await expect(prune({ repository, mode: 'prune' })).rejects.toMatchObject({ code: 'repo/damaged' });
    await rm(path);
    await cp(join(scratch.path, 'kept'), path);
  }
  for (const name of await readdir(join(location, 'index')))
    await cp(join(location, 'index', name), join(scratch.path, 'index', name));
  await rm(join(location, 'index'), { recursive: true });
  await mkdir(join(location, 'index'));
  await expect(prune({ repository, mode: 'prune' })).rejects.toMatchObject({ code: 'repo/damaged' });
  expect(await sizeOf(join(location, 'data'))).toBe(before);
  await cp(join(scratch.path, 'index'), join(location, 'index'), { recursive: true });
  await prune({ repository, mode: 'prune' });
  await judgeOf(location).check('--read-data');
});

it('takes an empty policy for a mistake', async () => {
  await expect(forget({ repository: await reopen(location), policy: {}, mode: 'remove' })).rejects.toMatchObject({
    code: 'usage',
  });
});

/** Of a file that is never cut in two, so that a blow strikes all of it. */
const ONE_BLOB = 400_000;

/** Backs up as a program that sees no index: content that is stored already is stored once more. */
async function backUpBlind(): Promise<void> {
  const room = join(location, 'index');
  await rename(room, `${location}-index`);
  await mkdir(room);
  await judgeOf(location).backup([source], '--force');
  await cp(`${location}-index`, room, { recursive: true });
  await rm(`${location}-index`, { recursive: true });
}

const dataPacks = async (): Promise<readonly string[]> => {
  const { index } = await loadIndex(await reopen(location));
  const packs = [...index.packs()].filter(({ blobs }) => blobs.some(({ type }) => type === 'data'));
  return packs.map(({ id }) => join(location, 'data', id.slice(0, 2), id));
};

/** Changes one byte of the first blob, silently. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] ?? 0) ^ 0x40;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

it.each([0, 1])('keeps the good one of two copies, whichever it is (copy %i is damaged)', async (which) => {
  await writeFile(join(source, 'file'), randomBytes(ONE_BLOB));
  await judgeOf(location).backup([source]);
  await backUpBlind();
  const packs = await dataPacks();
  expect(packs).toHaveLength(2);
  await flip(packs[which] as string);
  const report = await prune({ repository: await reopen(location), mode: 'prune' });
  expect(report.packsRemoved).toBeGreaterThan(0);
  await judgeOf(location).check('--read-data');
  await judgeOf(location).restore('latest', join(scratch.path, 'restored'), '--verify');
  expect(await dataPacks()).toHaveLength(1);
});

it.each([0, 1, 2])('finds the good one of three copies, where one run may remove only one (copy %i)', async (good) => {
  await writeFile(join(source, 'file'), randomBytes(ONE_BLOB));
  await judgeOf(location).backup([source]);
  await backUpBlind();
  await backUpBlind();
  const packs = await dataPacks();
  expect(packs).toHaveLength(3);
  for (const path of packs.toSpliced(good, 1)) await flip(path);
  for (let run = 0; run < 2; run++) {
    await prune({ repository: await reopen(location), mode: 'prune', maxRepackBytes: 1_000_000 });
  }
  await judgeOf(location).check('--read-data');
  await judgeOf(location).restore('latest', join(scratch.path, 'restored'), '--verify');
  expect(await dataPacks()).toHaveLength(1);
});

it('rewrites what can still be read of a pack, where the disk fails in the midst of it', async () => {
  const contents = Array.from({ length: 3 }, () => randomBytes(300_000));
  for (const [n, content] of contents.entries()) await writeFile(join(source, `${n}`), content);
  await judgeOf(location).backup([source]);
  const [packed = ''] = await dataPacks();
  const repository = await reopen(location);
  const { index } = await loadIndex(repository);
  const bad = [...index.packs()].find(({ id }) => id === basename(packed))?.blobs[1];
  for (const [n, content] of contents.entries()) {
    if (createHash('sha256').update(content).digest('hex') !== bad?.id) await rm(join(source, `${n}`));
  }
  await backUpBlind();
  const { store } = faulty(repository.store, []);
  const get: typeof store.get = async (name, range, signal) => {
    const { offset = 0, length = Number.POSITIVE_INFINITY } = range ?? {};
    const isHit = bad && offset < bad.offset + bad.length && offset + length > bad.offset;
    if (name.id === basename(packed) && isHit) throw new TriplicateError('store/corrupt', 'A read error.');
    return store.get(name, range, signal);
  };
  await prune({ repository: { ...repository, store: { ...store, get } }, mode: 'prune' });
  expect(await dataPacks()).not.toContain(packed);
  await judgeOf(location).check('--read-data');
});

it('does not take for missing what the list leaves out: the copy elsewhere may be the damaged one', async () => {
  await writeFile(join(source, 'file'), randomBytes(ONE_BLOB));
  await judgeOf(location).backup([source]);
  await backUpBlind();
  const [hidden = '', other = ''] = await dataPacks();
  await flip(other);
  const repository = await reopen(location);
  const { store } = faulty(repository.store, []);
  const list: typeof store.list = async (type, signal) =>
    (await store.list(type, signal)).filter(({ id }) => id !== basename(hidden));
  const refused = prune({ repository: { ...repository, store: { ...store, list } }, mode: 'prune' });
  await expect(refused).rejects.toMatchObject({ code: 'store/list-incomplete' });
  expect(await dataPacks()).toHaveLength(2);
  await rm(hidden);
  await prune({ repository, mode: 'prune' });
  expect(await dataPacks()).toEqual([other]);
});

it('removes nothing when both copies are damaged', async () => {
  await writeFile(join(source, 'file'), randomBytes(ONE_BLOB));
  await judgeOf(location).backup([source]);
  await backUpBlind();
  const packs = await dataPacks();
  for (const path of packs) await flip(path);
  const before = await readdir(join(location, 'data'), { recursive: true });
  const refused = prune({ repository: await reopen(location), mode: 'prune' });
  await expect(refused).rejects.toMatchObject({ code: 'repo/damaged' });
  expect(await readdir(join(location, 'data'), { recursive: true })).toEqual(before);
});
