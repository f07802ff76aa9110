import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, type TestContext } from 'vitest';
import { backup, findSnapshot, planRestore, type RestorePlan, restore } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { begin, end, failureOf, interrupted, TROUBLE_CODES, TROUBLES } from '../support/disk-trouble.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { restic } from '../support/restic.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Trouble with a disk that bulk data is written to past the system's cache: whole packs, and the content of large files. With
 * TRIPLICATE_LONG=1 each trouble, else one.
 */
const SOME_TROUBLES = LONG ? TROUBLES : (['pulled out'] as const);

let made: TemporaryFolder;
let source: string;
let location: string;
let scratch: TemporaryFolder;
let disk: SmallDisk | undefined;

beforeAll(async () => {
  made = await temporaryFolder('disk-trouble-bulk-made');
  source = join(made.path, 'source');
  location = join(made.path, 'repository');
  await mkdir(join(source, 'folder'), { recursive: true });
  await writeFile(join(source, 'long'), randomBytes(16_000_001));
  for (let n = 0; n < 2; n++) await writeFile(join(source, 'folder', `file ${n}`), randomBytes(4_000_000 + n * 1001));
  await writeFile(join(source, 'small'), randomBytes(1000));
  const repository = await newRepository(location);
  await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
});
afterAll(() => made.remove());

beforeEach(async () => {
  scratch = await temporaryFolder('disk-trouble-bulk');
});
afterEach(async () => {
  await disk?.unmount();
  disk = undefined;
  await scratch.remove();
});

async function smallDisk(skip: TestContext['skip'], size: string): Promise<SmallDisk> {
  const mounted = await mountSmallDisk(join(scratch.path, 'disk'), size, 'ext4');
  if ('reason' in mounted) return skip(mounted.reason);
  disk = mounted;
  return mounted;
}

async function planTo(target: string): Promise<RestorePlan> {
  const repository = await reopen(location);
  const { snapshot } = await findSnapshot(repository, 'latest');
  return planRestore({ repository, tree: snapshot.tree, from: source, target, existing: 'replace' });
}

/** The files below a folder: their sums and names, without what only fills the disk. */
function filesBelow(root: string): readonly string[] {
  const command = 'cd "$1" && find . -type f ! -name filler ! -name ".triplicate*" -exec sha256sum {} +';
  return execFileSync('sh', ['-c', command, 'sh', root], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
}

const backUp = async (place: string) => {
  const repository = await reopen(place);
  return backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
};

it('a pack for which the room ends in its middle leaves nothing, and the next run finishes', async ({ skip }) => {
  const small = await smallDisk(skip, '96m');
  const place = join(small.path, 'repository');
  await newRepository(place);
  const filler = join(small.path, 'filler');
  // Of 86 MB; packs have 17 MB and are written two at a time: the room ends within one of them.
  await writeFile(filler, randomBytes(70_000_000));
  expect(await failureOf(backUp(place))).toBe('store/full');
  const names = await readdir(join(place, 'data'), { recursive: true });
  expect(names.filter((name) => name.includes('/') && !/^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name))).toEqual([]);
  await rm(filler);
  await backUp(place);
  const judge = restic({ repository: place, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
});

it('a file for which the room ends in its middle is not there, and the next restore finishes', async ({ skip }) => {
  const small = await smallDisk(skip, '64m');
  const filler = join(small.path, 'filler');
  await writeFile(filler, randomBytes(42_000_000));
  const target = join(small.path, 'restored');
  expect(await failureOf(restore(await planTo(target)))).toBe('store/full');
  const wanted = new Set(filesBelow(source));
  for (const line of filesBelow(target)) expect(wanted).toContain(line);
  await rm(filler);
  expect(await restore(await planTo(target))).toMatchObject({ result: 'complete' });
  expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
});

it.for(SOME_TROUBLES)('backup, at a pack, to a disk that is %s', async (trouble, { skip }) => {
  const small = await smallDisk(skip, '96m');
  const place = join(small.path, 'repository');
  await newRepository(place);
  const at = { method: 'put', type: 'data', call: 2 } as const;
  const { repository, assertHappened } = interrupted(await reopen(place), at, () => begin(small, trouble));
  const work = backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  expect(await failureOf(work)).toBe(TROUBLE_CODES[trouble]);
  assertHappened();
  if (trouble === 'pulled out') expect(await readdir(small.path)).toEqual([]);
  await end(small, trouble);
  await backUp(place);
  const judge = restic({ repository: place, passphrase: PASSPHRASE, scratch: scratch.path });
  await judge.check('--read-data');
});

it.for(SOME_TROUBLES)('restore of large files to a disk that is %s', async (trouble, { skip }) => {
  const small = await smallDisk(skip, '96m');
  const target = join(small.path, 'below');
  const plan = await planTo(target);
  const at = { method: 'get', type: 'data', call: 4 } as const;
  const { repository, assertHappened } = interrupted(plan.request.repository, at, () => begin(small, trouble));
  const troubled = { ...plan, request: { ...plan.request, repository } };
  expect(await failureOf(restore(troubled))).toBe(TROUBLE_CODES[trouble]);
  assertHappened();
  if (trouble === 'pulled out') expect(await readdir(small.path)).toEqual([]);
  await end(small, trouble);
  const wanted = new Set(filesBelow(source));
  for (const line of filesBelow(target)) expect(wanted).toContain(line);
  expect(await restore(await planTo(target))).toMatchObject({ result: 'complete' });
  expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
});
