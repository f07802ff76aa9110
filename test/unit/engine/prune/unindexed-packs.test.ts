import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  backup,
  forgetNamed,
  listSnapshots,
  loadIndex,
  planRestore,
  prune,
  type Repository,
  restore,
} from '../../../../main/engine/engine.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import type { StoredFile } from '../../../../main/engine/store/store.ts';
import { newRepository } from '../../../support/engine.ts';
import { faulty } from '../../../support/faulty-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let location: string;
let source: string;
let repository: Repository;

beforeEach(async () => {
  scratch = await temporaryFolder('unindexed-packs');
  location = join(scratch.path, 'repository');
  source = join(scratch.path, 'source');
  repository = await newRepository(location);
  await mkdir(source);
});
afterEach(() => scratch.remove());

/** The repository as it looks when the place shows other lists of index files. */
function showing(show: (files: readonly StoredFile[], call: number) => readonly StoredFile[]): Repository {
  const { store } = faulty(repository.store, []);
  let call = 0;
  const list: typeof store.list = async (type, signal) => {
    const files = await store.list(type, signal);
    return type === 'index' ? show(files, ++call) : files;
  };
  return { ...repository, store: { ...store, list } };
}

const without = (hidden: readonly string[]) => (files: readonly StoredFile[]) =>
  files.filter(({ id }) => !hidden.includes(id));

interface Stored {
  readonly snapshot: string;
  readonly indexFiles: readonly string[];
  readonly packs: readonly string[];
}

const idsIn = async (type: 'index' | 'data'): Promise<readonly string[]> =>
  (await repository.store.list(type)).map(({ id }) => id);

async function backUp(into = repository): Promise<Stored> {
  const [indexBefore, packsBefore] = [await idsIn('index'), await idsIn('data')];
  const request = { destinations: [{ repository: into }], paths: [source], workingDirectory: '/' };
  const { results } = await backup(request);
  return {
    snapshot: results[0]?.snapshotId ?? expect.unreachable('nothing was stored'),
    indexFiles: (await idsIn('index')).filter((id) => !indexBefore.includes(id)),
    packs: (await idsIn('data')).filter((id) => !packsBefore.includes(id)),
  };
}

/** As a program that sees no index: what is stored already is stored once more. */
const backUpBlind = (): Promise<Stored> => backUp(showing(() => []));

async function dataPackOf({ packs }: Stored): Promise<string> {
  const { index } = await loadIndex(repository);
  const found = [...index.packs()].find(
    ({ id, blobs }) => packs.includes(id) && blobs.some(({ type }) => type === 'data'),
  );
  return found?.id ?? expect.unreachable('there is no such pack');
}

/** Changes one byte of the first blob, silently. */
async function flip(pack: string): Promise<void> {
  const path = join(location, 'data', pack.slice(0, 2), pack);
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] ?? 0) ^ 0x40;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

async function expectWhole(content: Uint8Array): Promise<void> {
  for (const { snapshot } of (await listSnapshots(repository)).snapshots) {
    const target = join(scratch.path, 'restored');
    const plan = await planRestore({ repository, tree: snapshot.tree, target, from: source, existing: 'replace' });
    expect(await restore(plan)).toMatchObject({ result: 'complete' });
    expect(Buffer.compare(await readFile(join(target, 'file')), content)).toBe(0);
    await rm(target, { recursive: true });
  }
}

it('removes nothing when the list of index files is another the second time', async () => {
  await writeFile(join(source, 'file'), 'stays');
  await backUp();
  await writeFile(join(source, 'more'), randomBytes(300_000));
  const { snapshot, indexFiles } = await backUp();
  await rm(join(source, 'more'));
  await backUp();
  await forgetNamed({ repository, wanted: [snapshot], mode: 'remove' });
  const before = await idsIn('data');
  const seen = showing((files, call) => (call === 1 ? without(indexFiles)(files) : files));
  await expect(prune({ repository: seen, mode: 'prune' })).rejects.toMatchObject({ code: 'store/list-incomplete' });
  expect(await idsIn('data')).toEqual(before);
});

/** One snapshot, its content in two packs: the index file that names the first is the one to be hidden. */
async function storeTwice(): Promise<readonly [Stored, Stored]> {
  const first = await backUp();
  const second = await backUpBlind();
  // Its listings of the folders above may have other times, and so lie in the first packs only.
  await forgetNamed({ repository, wanted: [first.snapshot], mode: 'remove' });
  return [first, second];
}

it('takes from a pack of a hidden index file what is damaged where the others say that it lies', async () => {
  const content = randomBytes(300_000);
  await writeFile(join(source, 'file'), content);
  const [first, second] = await storeTwice();
  const damaged = await dataPackOf(second);
  await flip(damaged);
  await prune({ repository: showing(without(first.indexFiles)), mode: 'prune' });
  expect(await idsIn('data')).not.toContain(damaged);
  await expectWhole(content);
});

it('removes no pack of a hidden index file when what it holds is damaged everywhere', async () => {
  await writeFile(join(source, 'file'), randomBytes(300_000));
  const [first, second] = await storeTwice();
  for (const stored of [first, second]) await flip(await dataPackOf(stored));
  const before = await idsIn('data');
  const refused = prune({ repository: showing(without(first.indexFiles)), mode: 'prune' });
  await expect(refused).rejects.toMatchObject({ code: 'repo/damaged' });
  expect(await idsIn('data')).toEqual(before);
});

it('removes what an aborted run left, also where it is in use from elsewhere, and stumps', async () => {
  const content = randomBytes(300_000);
  await writeFile(join(source, 'file'), content);
  await backUp();
  const aborted = await backUpBlind();
  await repository.store.remove({ type: 'snapshots', id: aborted.snapshot });
  for (const id of aborted.indexFiles) await repository.store.remove({ type: 'index', id });
  await repository.store.put({ type: 'data', id: 'a'.repeat(64) }, randomBytes(2));
  await repository.store.put({ type: 'data', id: 'b'.repeat(64) }, randomBytes(50_000));
  const planned = await prune({ repository, mode: 'plan' });
  const report = await prune({ repository, mode: 'prune' });
  expect(report.bytes).toEqual(planned.bytes);
  expect(report.packsRemoved).toBe(aborted.packs.length + 2);
  expect(report.bytes.unindexed).toBeGreaterThan(350_000);
  const { index } = await loadIndex(repository);
  expect([...(await idsIn('data'))].sort()).toEqual([...index.packs()].map(({ id }) => id as string).sort());
  await expectWhole(content);
});

it('removes nothing when a pack in no index cannot be asked what it holds', async () => {
  await writeFile(join(source, 'file'), randomBytes(300_000));
  await backUp();
  const aborted = await backUpBlind();
  await repository.store.remove({ type: 'snapshots', id: aborted.snapshot });
  for (const id of aborted.indexFiles) await repository.store.remove({ type: 'index', id });
  const before = await idsIn('data');
  const { store } = faulty(repository.store, []);
  const get: typeof store.get = async (name, range, signal) => {
    if (!aborted.packs.includes(name.id)) return store.get(name, range, signal);
    throw new TriplicateError('store/unreachable', 'The place does not answer.');
  };
  const refused = prune({ repository: { ...repository, store: { ...store, get } }, mode: 'prune' });
  await expect(refused).rejects.toMatchObject({ code: 'store/unreachable' });
  expect(await idsIn('data')).toEqual(before);
});
