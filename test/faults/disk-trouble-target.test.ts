import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, type TestContext } from 'vitest';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import {
  backup,
  createRepository,
  type EngineProgress,
  findSnapshot,
  planRestore,
  type RestorePlan,
  restore,
} from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import {
  begin,
  end,
  expectPlainWords,
  failureOf,
  interrupted,
  TROUBLE_CODES,
  TROUBLES,
} from '../support/disk-trouble.ts';
import { CHEAP_SCRYPT, newRepository, ownHost, PASSPHRASE, reopen } from '../support/engine.ts';
import { faulty } from '../support/faulty-store.ts';
import { restic } from '../support/restic.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The disk of a restore, or of a repository that is being made, gets into trouble; and what the command line says of it. */

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));

let made: TemporaryFolder;
let source: string;
let location: string;
let scratch: TemporaryFolder;
let disk: SmallDisk | undefined;

/** A folder with files at its top and below, in four packs. */
beforeAll(async () => {
  made = await temporaryFolder('disk-trouble-target-made');
  source = join(made.path, 'source');
  location = join(made.path, 'repository');
  await mkdir(join(source, 'folder'), { recursive: true });
  const repository = await newRepository(location);
  for (let version = 0; version < 4; version++) {
    for (let n = 0; n < 8; n++) {
      await writeFile(join(source, `top ${version}-${n}`), randomBytes(100_000));
      await writeFile(join(source, 'folder', `file ${version}-${n}`), randomBytes(100_000));
    }
    await writeFile(join(source, `long ${version}`), randomBytes(2_500_000));
    await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  }
});
afterAll(() => made.remove());

beforeEach(async () => {
  scratch = await temporaryFolder('disk-trouble-target');
});
afterEach(async () => {
  await disk?.unmount();
  disk = undefined;
  await scratch.remove();
});

async function smallDisk(skip: TestContext['skip'], size = '64m'): Promise<SmallDisk> {
  const mounted = await mountSmallDisk(join(scratch.path, 'disk'), size);
  if ('reason' in mounted) return skip(mounted.reason);
  disk = mounted;
  return mounted;
}

async function planTo(target: string): Promise<RestorePlan> {
  const repository = await reopen(location);
  const { snapshot } = await findSnapshot(repository, 'latest');
  return planRestore({ repository, tree: snapshot.tree, from: source, target, existing: 'replace' });
}

/** The files that the disk has: all of them whole. */
function expectOnlyWhole(target: string): void {
  const wanted = new Set(describeFiles(source));
  for (const line of describeFiles(target)) expect(wanted).toContain(line);
}

function describeFiles(root: string): readonly string[] {
  const command = 'cd "$1" && find . -type f ! -name filler ! -name ".triplicate*" -exec sha256sum {} +';
  return execFileSync('sh', ['-c', command, 'sh', root], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
}

async function expectRestored(target: string): Promise<void> {
  expect(await restore(await planTo(target))).toMatchObject({ result: 'complete' });
  expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
}

it.for(TROUBLES.flatMap((trouble) => (['top', 'folder'] as const).map((place) => ({ trouble, place }))))(
  'restore to the $place of a disk that is $trouble',
  async ({ trouble, place }, { skip }) => {
    const small = await smallDisk(skip);
    const target = place === 'top' ? small.path : join(small.path, 'below');
    const plan = await planTo(target);
    const at = { method: 'get', type: 'data', call: 3 } as const;
    const { repository, assertHappened } = interrupted(plan.request.repository, at, () => begin(small, trouble));
    const troubled = { ...plan, request: { ...plan.request, repository } };
    expect(await failureOf(restore(troubled))).toBe(TROUBLE_CODES[trouble]);
    assertHappened();
    if (trouble === 'pulled out') expect(await readdir(small.path)).toEqual([]);
    await end(small, trouble);
    expectOnlyWhole(target);
    // Temporary files that could not be taken away from a disk that had gone are not among what is compared.
    await expectRestored(target);
  },
);

it.for(['pulled out', 'read-only'] as const)(
  'restore does not end well when the disk is %s at its very end',
  async (trouble, { skip }) => {
    const small = await smallDisk(skip);
    const atEnd = ({ phase }: EngineProgress): void => {
      if (phase !== 'finishing') return;
      if (trouble === 'pulled out') execFileSync('umount', ['--lazy', small.path]);
      else execFileSync('mount', ['-o', 'remount,ro', small.device]);
    };
    const plan = await planTo(small.path);
    const watched = { ...plan, request: { ...plan.request, onProgress: atEnd } };
    expect(await failureOf(restore(watched))).toBe(TROUBLE_CODES[trouble]);
    if (trouble === 'pulled out') expect(await readdir(small.path)).toEqual([]);
    await end(small, trouble);
    await expectRestored(small.path);
  },
);

it('restore makes nothing in the mount point of a disk that went while it was being planned', async ({ skip }) => {
  const small = await smallDisk(skip);
  for (const target of [small.path, join(small.path, 'below', 'it')]) {
    const plan = await planTo(target);
    await small.pull();
    expect(await failureOf(restore(plan))).toBe('store/unreachable');
    expect(await readdir(small.path)).toEqual([]);
    await small.plugIn();
  }
});

const FILES_OF_INIT = ['keys', 'config'] as const;

it.for(TROUBLES.flatMap((trouble) => FILES_OF_INIT.map((type) => ({ trouble, type }))))(
  'init, at $type, at the top of a disk that is $trouble',
  async ({ trouble, type }, { skip }) => {
    const small = await smallDisk(skip);
    const plain = await openStore(small.path, { clock: systemClock });
    const at = { method: 'put', type } as const;
    const plan = faulty(plain, [{ ...at, fault: { kind: 'wait', for: () => begin(small, trouble) } }]);
    const options = { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT };
    const failure = await failureOf(createRepository(plan.store, options, ownHost()));
    plan.assertAllFired();
    // Without a config, nobody can know whether an empty folder is the place.
    const gone = type === 'keys' ? 'repo/not-a-repository' : 'store/unreachable';
    expect(failure).toBe(trouble === 'pulled out' ? gone : TROUBLE_CODES[trouble]);
    if (trouble === 'pulled out') expect(await readdir(small.path)).toEqual([]);
    await end(small, trouble);
    await createRepository(plain, options, ownHost());
    const judge = restic({ repository: small.path, passphrase: PASSPHRASE, scratch: scratch.path });
    await judge.backup([join(source, 'folder')]);
    await judge.check('--read-data');
  },
);

/** Runs a command straight on a repository, as a person types it. */
function command(...words: readonly string[]) {
  return execa(process.execPath, [BIN, 'repo', ...words], {
    env: { TRIPLICATE_PASSWORD: PASSPHRASE },
    stdin: 'ignore',
    reject: false,
  });
}

/** The words for a person, without what the command told while it still went well. */
function lastWords(stderr: string): string {
  return stderr.trim().split('\n').slice(-2).join('\n');
}

it('the command line says in words what is with the disk, and ends with 1', async ({ skip }) => {
  const small = await smallDisk(skip, '6m');
  const place = join(small.path, 'repository');
  await newRepository(place);
  const expectFailed = ({ exitCode, stderr }: { exitCode?: number; stderr: string }, words: RegExp): void => {
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(words);
    expectPlainWords(lastWords(stderr));
    expect(stderr).not.toMatch(/^\s+at /m);
  };
  expectFailed(await command('backup', place, source), /the disk is full[\s\S]*Free some space/);
  expectFailed(await command('restore', location, 'latest', '--target', join(small.path, 'back')), /is full/);

  await small.setWritable('read-only');
  expectFailed(await command('backup', place, join(source, 'folder')), /read-only[\s\S]*Make the destination writable/);
  expectFailed(await command('restore', location, 'latest', '--target', join(small.path, 'back')), /read-only/);
  await small.setWritable('read-write');

  const slow = command(
    'restore',
    location,
    'latest',
    '--target',
    join(small.path, 'again'),
    '--limit-download',
    '4000',
  );
  await expect.poll(() => readdir(join(small.path, 'again')).catch(() => [])).not.toEqual([]);
  await small.pull();
  expectFailed(await slow, /is gone[\s\S]*Connect the disk/);
  expectFailed(await command('backup', place, source), /is not there[\s\S]*Connect the disk/);
  expectFailed(await command('backup', small.path, source), /There is no repository at[\s\S]*connected/);
  expect(await readdir(small.path)).toEqual([]);
});
