import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, type TestContext } from 'vitest';
import {
  addKey,
  backup,
  changePassphrase,
  check,
  copySnapshots,
  findSnapshot,
  forget,
  listSnapshots,
  planRestore,
  prune,
  type Repository,
  repairIndex,
  restore,
  withLock,
} from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import {
  begin,
  end,
  failureOf,
  interrupted,
  type Moment,
  TROUBLE_CODES,
  TROUBLES,
  type Trouble,
} from '../support/disk-trouble.ts';
import { CHEAP_SCRYPT, newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { restic } from '../support/restic.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The disk of a repository gets full, becomes read-only or is pulled out, in the middle of all that can be done there. */

let made: TemporaryFolder;
let source: string;
/** What the three versions that are kept in `full` look like, by snapshot id, the oldest first. */
const versions = new Map<string, readonly string[]>();
let scratch: TemporaryFolder;
let disk: SmallDisk | undefined;

/** `full`: three versions with packs of their own, and data that nothing needs any more. `empty`: a new repository. */
beforeAll(async () => {
  made = await temporaryFolder('disk-trouble-made');
  source = join(made.path, 'source');
  await mkdir(join(source, 'folder'), { recursive: true });
  const repository = await newRepository(join(made.path, 'full'));
  for (let version = 0; version < 4; version++) {
    if (version === 1) await rm(join(source, 'folder', 'file 0-1'));
    for (let n = 0; n < 4; n++) await writeFile(join(source, 'folder', `file ${version}-${n}`), randomBytes(400_000));
    await writeFile(join(source, 'large'), randomBytes(2_000_000));
    const { results } = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
    if (version > 0) versions.set(results[0]?.snapshotId ?? '', describeTree(source));
  }
  await forget({ repository, policy: { last: 3 }, mode: 'remove' });
  await newRepository(join(made.path, 'empty'));
});
afterAll(() => made.remove());

beforeEach(async () => {
  scratch = await temporaryFolder('disk-trouble');
});
afterEach(async () => {
  await disk?.unmount();
  disk = undefined;
  await scratch.remove();
});

async function smallDisk(skip: TestContext['skip']): Promise<SmallDisk> {
  const mounted = await mountSmallDisk(join(scratch.path, 'disk'), '64m');
  if ('reason' in mounted) return skip(mounted.reason);
  disk = mounted;
  return mounted;
}

interface Verb {
  readonly verb: string;
  /** What is on the disk before. */
  readonly content: 'full' | 'empty';
  /** The call before which the trouble begins. */
  readonly at: Moment;
  readonly run: (repository: Repository) => Promise<unknown>;
  /** All when absent. */
  readonly troubles?: readonly Trouble[];
  /** Troubles that are none for it. */
  readonly spared?: readonly Trouble[];
  readonly removes?: 'old versions' | 'passphrase';
  readonly damage?: (location: string) => Promise<void>;
}

const NEW_KEY = { passphrase: 'another one', scrypt: CHEAP_SCRYPT };

const runBackup = (repository: Repository) =>
  backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
const runPrune = (repository: Repository) => prune({ repository, mode: 'prune', maxUnused: 0 });

const VERBS: readonly Verb[] = [
  { verb: 'backup, at a pack', content: 'empty', at: { method: 'put', type: 'data', call: 2 }, run: runBackup },
  {
    verb: 'backup, at the index',
    content: 'empty',
    at: { method: 'put', type: 'index' },
    troubles: ['pulled out'],
    run: runBackup,
  },
  { verb: 'backup, at the snapshot', content: 'full', at: { method: 'put', type: 'snapshots' }, run: runBackup },
  {
    verb: 'forget',
    content: 'full',
    at: { method: 'remove', type: 'snapshots', call: 2 },
    run: (repository) => forget({ repository, policy: { last: 1 }, mode: 'remove' }),
    spared: ['full'],
    removes: 'old versions',
  },
  {
    verb: 'prune, at a new pack',
    content: 'full',
    at: { method: 'put', type: 'data' },
    troubles: ['full', 'pulled out'],
    run: runPrune,
  },
  {
    verb: 'prune, at the new index',
    content: 'full',
    at: { method: 'put', type: 'index' },
    troubles: ['read-only'],
    run: runPrune,
  },
  {
    verb: 'prune, at an old pack',
    content: 'full',
    at: { method: 'remove', type: 'data' },
    troubles: ['read-only', 'pulled out'],
    run: runPrune,
  },
  {
    verb: 'prune, while its lock is being taken',
    content: 'full',
    at: { method: 'list', type: 'locks', call: 2 },
    run: runPrune,
  },
  {
    verb: 'copy',
    content: 'empty',
    at: { method: 'put', type: 'data' },
    run: async (target) => {
      const from = await reopen(join(made.path, 'full'));
      return copySnapshots({ source: from, target, snapshots: (await listSnapshots(from)).snapshots });
    },
  },
  {
    verb: 'key add',
    content: 'full',
    at: { method: 'put', type: 'keys' },
    troubles: ['full', 'pulled out'],
    run: (repository) => addKey(repository, NEW_KEY),
  },
  {
    verb: 'key passwd, at the new key',
    content: 'full',
    at: { method: 'put', type: 'keys' },
    troubles: ['read-only'],
    run: (repository) => changePassphrase(repository, NEW_KEY),
    removes: 'passphrase',
  },
  {
    verb: 'key passwd, at the old key',
    content: 'full',
    at: { method: 'remove', type: 'keys' },
    troubles: ['read-only', 'pulled out'],
    run: (repository) => changePassphrase(repository, NEW_KEY),
    removes: 'passphrase',
  },
  {
    verb: 'check',
    content: 'full',
    at: { method: 'get', type: 'data', call: 2 },
    run: (repository) =>
      withLock(repository, 'shared', async (signal) => {
        expect(await check({ repository, read: 'data', signal })).toMatchObject({ result: 'good' });
      }),
    troubles: ['read-only', 'pulled out'],
    spared: ['read-only'],
  },
  {
    verb: 'repair index',
    content: 'full',
    at: { method: 'put', type: 'index' },
    run: (repository) => repairIndex({ repository }),
    damage: async (location) => {
      const [first = ''] = await readdir(join(location, 'index'));
      await rm(join(location, 'index', first));
    },
  },
];

const CASES = VERBS.flatMap((verb) => (verb.troubles ?? TROUBLES).map((trouble) => ({ ...verb, trouble })));
/** A disk that is pulled out is the worst for every verb; full and read-only ones are met by all of them in the long suite. */

it.for(CASES.filter(({ trouble, content }) => LONG || trouble === 'pulled out' || content === 'empty'))(
  '$verb, on a disk that is $trouble',
  async ({ content, at, run, trouble, spared = [], removes, damage }, { skip }) => {
    const small = await smallDisk(skip);
    const location = join(small.path, 'repository');
    await cp(join(made.path, content), location, { recursive: true, preserveTimestamps: true });
    await damage?.(location);
    const { repository, assertHappened } = interrupted(await reopen(location), at, () => begin(small, trouble));
    const failure = await failureOf(run(repository));
    assertHappened();
    expect(failure).toBe(spared.includes(trouble) ? undefined : TROUBLE_CODES[trouble]);
    if (trouble === 'pulled out') expect(await readdir(small.path)).toEqual([]);
    await end(small, trouble);

    const kept = content === 'empty' ? [] : [...versions.keys()].slice(removes === 'old versions' ? -1 : 0);
    expect(await readdir(join(location, 'snapshots'))).toEqual(expect.arrayContaining(kept));
    if (failure && !damage) await expectWhole(location, PASSPHRASE, kept.slice(0, 1));

    // The next run needs nobody, nor does one that must be alone.
    if (failure) await run(await reopen(location));
    const passphrase = removes === 'passphrase' ? NEW_KEY.passphrase : PASSPHRASE;
    await withLock(await reopen(location, process.env, passphrase), 'exclusive', async () => undefined);
    expect(await readdir(join(location, 'locks'))).toEqual([]);
    await restic({ repository: location, passphrase, scratch: scratch.path }).check('--read-data');
    if (trouble === 'pulled out') await expectWhole(location, passphrase, kept.slice(-1));
  },
);

/** These versions restore bit for bit. */
async function expectWhole(location: string, passphrase: string, ids: readonly string[]): Promise<void> {
  const repository = await reopen(location, process.env, passphrase);
  for (const id of ids) {
    const target = join(scratch.path, 'restored', id);
    const { snapshot } = await findSnapshot(repository, id);
    const plan = await planRestore({ repository, tree: snapshot.tree, from: source, target, existing: 'replace' });
    expect(await restore(plan)).toMatchObject({ result: 'complete' });
    expect(describeTree(target).slice(1)).toEqual(versions.get(id)?.slice(1));
    await rm(target, { recursive: true });
  }
}
