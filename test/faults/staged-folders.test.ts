import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import {
  backup,
  findSnapshot,
  planRestore,
  type RestorePlan,
  type RestoreReport,
  type RestoreRequest,
  restore,
} from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, reopen } from '../support/engine.ts';
import { faulty } from '../support/faulty-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Small ones of one blob, and some of several, in one folder that a restore fills under a temporary name. */
const SMALL = 90;
const LARGE = 3;

let scratch: TemporaryFolder;
let source: string;
let location: string;
let target: string;
let folder: string;
let number = 0;

beforeAll(async () => {
  scratch = await temporaryFolder('staged-folders');
  source = join(scratch.path, 'source');
  location = join(scratch.path, 'repository');
  await mkdir(join(source, 'letters'), { recursive: true });
  for (let n = 0; n < SMALL; n++) await writeFile(join(source, 'letters', `small ${n}`), randomBytes(400_000));
  // One is in several blobs for certain, and in several reads.
  for (let n = 0; n < LARGE; n++) {
    await writeFile(join(source, 'letters', `large ${n}`), randomBytes(n === 0 ? 9_000_000 : 1_500_000));
  }
  await writeFile(join(source, 'letters', 'empty'), '');
  await symlink('small 1', join(source, 'letters', 'link'));
  await backup({
    destinations: [{ repository: await newRepository(location) }],
    paths: [source],
    workingDirectory: '/',
  });
});
afterAll(() => scratch.remove());

beforeEach(() => {
  target = join(scratch.path, `target ${++number}`);
  folder = join(target, 'letters');
});
afterEach(() => rm(target, { recursive: true, force: true }));

async function planned(options: Partial<RestoreRequest> = {}): Promise<RestorePlan> {
  const repository = await reopen(location);
  const { snapshot } = await findSnapshot(repository, 'latest');
  return planRestore({ repository, tree: snapshot.tree, target, from: source, existing: 'replace', ...options });
}

async function restored(options: Partial<RestoreRequest> = {}): Promise<RestoreReport> {
  return restore(await planned(options));
}

/** Does something once, when a part of the folder's files is there. */
function halfway(act: () => void): Partial<RestoreRequest> {
  let isDone = false;
  return {
    onProgress: ({ phase }) => {
      if (isDone || phase !== 'restoring') return;
      isDone = true;
      act();
    },
  };
}

const temporaries = (): string => execFileSync('find', [target, '-name', '.triplicate*'], { encoding: 'utf8' }).trim();

async function expectWhole(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const [found, wanted] = await Promise.all([readFile(join(folder, name)), readFile(join(source, 'letters', name))]);
    expect(found.equals(wanted), name).toBe(true);
  }
}

describe('a new folder', () => {
  it('is filled under a temporary name and has everything under its own in the end', async () => {
    const seen: string[] = [];
    const report = await restored(halfway(() => seen.push(temporaries(), execFileSync('ls', [target]).toString())));
    expect(seen[0]).toMatch(/-folder-\d+\.tmp$/);
    expect(seen[1]).toBe('');
    expect(report).toMatchObject({ result: 'complete', files: SMALL + LARGE + 1, directories: 1, others: 1 });
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
    expect(temporaries()).toBe('');
  });

  it('has the whole files and no others when the restore is cancelled', async () => {
    const cancel = new AbortController();
    await expect(restored({ ...halfway(() => cancel.abort()), signal: cancel.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(temporaries()).toBe('');
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(5);
    expect(names.length).toBeLessThan(SMALL);
    await expectWhole(names);
    expect(await restored()).toMatchObject({ result: 'complete', unchanged: names.length + 1 });
    expect(describeTree(target).slice(1)).toEqual(describeTree(source).slice(1));
  });

  it('takes its files into what appeared under its name meanwhile, and keeps what is there', async () => {
    const report = await restored(
      halfway(() => execFileSync('sh', ['-c', 'mkdir "$0"; echo mine > "$0/small 7"; echo other > "$0/mine"', folder])),
    );
    expect(report.leftOut).toMatchObject([{ path: expect.stringMatching(/\/small 7$/), reason: 'in-the-way' }]);
    expect(await readFile(join(folder, 'small 7'), 'utf8')).toBe('mine\n');
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('other\n');
    const names = (await readdir(folder)).filter((name) => name !== 'small 7' && name !== 'mine');
    expect(names).toHaveLength(SMALL + LARGE + 1);
    await expectWhole(names);
    expect(temporaries()).toBe('');
  });

  it('takes its files into what appeared also when something of another program is with them', async () => {
    const report = await restored(
      halfway(() => execFileSync('sh', ['-c', 'mkdir "$0"; : > "$(echo "$1"/.triplicate*)/theirs"', folder, target])),
    );
    expect(report).toMatchObject({ result: 'complete', files: SMALL + LARGE + 1, directories: 1, leftOut: [] });
    expect(describeTree(folder)).toEqual(describeTree(join(source, 'letters')));
  });

  it.each([
    ['a link', async () => symlink(join(scratch.path, 'elsewhere'), folder)],
    ['a file', async () => writeFile(folder, 'mine')],
  ])('is left out with its files where %s appeared under its name', async (_, appear) => {
    const elsewhere = join(scratch.path, 'elsewhere');
    await mkdir(elsewhere, { recursive: true, mode: 0o750 });
    const before = describeTree(elsewhere);
    let appeared: Promise<void> | undefined;
    const report = await restored(
      halfway(() => {
        appeared = appear();
      }),
    );
    await appeared;
    expect(report).toMatchObject({ result: 'incomplete', files: 0, directories: 0, others: 0 });
    for (const { reason } of report.leftOut) expect(reason).toBe('in-the-way');
    expectNamedOnce(report);
    expect(describeTree(elsewhere)).toEqual(before);
    expect(temporaries()).toBe('');
  });

  it('is made anew, with all that can be moved into it, where the system does not rename it', async ({ skip }) => {
    // The system renames no mount point, and moves nothing out of it.
    let place = '';
    const busy = halfway(() => {
      place = temporaries();
      mountOver(place, place, skip);
    });
    const report = await restored(busy).finally(() => execFileSync('umount', ['--lazy', place]));
    expect(report).toMatchObject({ result: 'incomplete', files: 0, directories: 1, others: 1 });
    expect(report.leftOut).toHaveLength(SMALL + LARGE + 1);
    expect(new Set(report.leftOut.map(({ path }) => path)).size).toBe(SMALL + LARGE + 1);
    expect(await readdir(folder)).toEqual(['link']);
    expect((await stat(folder)).mode).toBe((await stat(join(source, 'letters'))).mode);
    expect(await restored()).toMatchObject({ result: 'complete', files: SMALL + LARGE + 1 });
    expect(temporaries()).toBe('');
  });

  it('never has a half file, also when that cannot be taken away', async ({ skip }) => {
    const cancel = new AbortController();
    const plan = await planned({ signal: cancel.signal });
    const other = join(scratch.path, 'other');
    await writeFile(other, '');
    let half = '';
    // One read after the other: what has this mode then gets its other parts, and its own mode, by a later one.
    let turn = Promise.resolve();
    const wait = () => {
      turn = turn
        .then(() => sleep(50))
        .then(() => {
          if (half !== '') return;
          half =
            execFileSync('find', [target, '-name', 'large*', '-perm', '600'], { encoding: 'utf8' }).split('\n')[0] ??
            '';
          if (half === '') return;
          mountOver(other, half, skip);
          cancel.abort();
        });
      return turn;
    };
    const { store } = faulty(plan.request.repository.store, [
      { method: 'get', type: 'data', times: 1000, fault: { kind: 'wait', for: wait } },
    ]);
    const repository = { ...plan.request.repository, store };
    const cancelled = restore({ ...plan, request: { ...plan.request, repository } });
    const unmount = () => {
      execFileSync('sh', ['-c', 'umount "$0" 2>&1 || umount "$1"', half, join(folder, basename(half))]);
    };
    await expect(cancelled.finally(unmount)).rejects.toMatchObject({ code: 'cancelled' });
    await expectWhole(await readdir(folder));
    expect(await restored()).toMatchObject({ result: 'complete' });
    expect(temporaries()).toBe('');
  });

  it('has all but the file whose content is damaged', async () => {
    const found = await readdir(join(location, 'data'), { recursive: true, withFileTypes: true });
    const packs = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    // The largest ones hold content and no trees.
    const sizes = await Promise.all(packs.map(async (path) => (await stat(path)).size));
    const pack = packs[sizes.indexOf(Math.max(...sizes))] ?? '';
    await chmod(pack, 0o600);
    const file = await open(pack, 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 1000);
    const flip = async () => {
      byte[0] = (byte[0] ?? 0) ^ 1;
      await file.write(byte, 0, 1, 1000);
    };
    await flip();
    try {
      const report = await restored();
      expect(report.leftOut).toHaveLength(1);
      expect(report.leftOut[0]).toMatchObject({ reason: 'damaged' });
      const names = await readdir(folder);
      expect(names).toHaveLength(SMALL + LARGE + 1);
      await expectWhole(names);
      expect(temporaries()).toBe('');
    } finally {
      await flip();
      await file.close();
    }
  });

  it('is taken away under its temporary name when the restore that made it is gone', async () => {
    const ended = spawnedAndEnded();
    await restored();
    await rm(folder, { recursive: true });
    // As one that was killed leaves it: named by its host and process.
    const [name = ''] = await namesUnderWay();
    const left = join(target, name.replace(/-\d+-/, `-${ended}-`));
    const stranger = join(target, '.triplicate-notes');
    await mkdir(join(left, 'below'), { recursive: true });
    await writeFile(join(left, 'below', 'half'), 'ha');
    await mkdir(stranger);
    expect((await restored()).result).toBe('complete');
    expect((await readdir(target)).sort()).toEqual(['.triplicate-notes', 'letters']);
  });

  it('stays where it is in the snapshot, as a backup took it up before it was taken away', async () => {
    const [name = ''] = await namesUnderWay();
    const left = name.replace(/-\d+-/, `-${spawnedAndEnded()}-`);
    const taken = join(scratch.path, 'taken');
    for (const at of ['.', 'below']) {
      await mkdir(join(taken, at, left), { recursive: true });
      await writeFile(join(taken, at, left, 'half'), 'ha');
    }
    const repository = await newRepository(join(scratch.path, 'repository of taken'));
    await backup({ destinations: [{ repository }], paths: [taken], workingDirectory: '/' });
    const { snapshot } = await findSnapshot(repository, 'latest');
    const plan = () => planRestore({ repository, tree: snapshot.tree, target, from: taken, existing: 'replace' });
    await restore(await plan());
    expect(await restore(await plan())).toMatchObject({ result: 'complete', unchanged: 5 });
    expect(describeTree(target).slice(1)).toEqual(describeTree(taken).slice(1));
  });
});

/** The folder and all in it. */
function expectNamedOnce({ leftOut }: RestoreReport): void {
  const names = ['', '/empty', '/link'];
  for (let n = 0; n < SMALL; n++) names.push(`/small ${n}`);
  for (let n = 0; n < LARGE; n++) names.push(`/large ${n}`);
  expect(leftOut.map(({ path }) => path).sort()).toEqual(names.map((name) => join(source, 'letters') + name).sort());
}

function mountOver(what: string, where: string, skip: TestContext['skip']): void {
  const { status, stderr } = spawnSync('mount', ['--bind', what, where], { encoding: 'utf8' });
  if (status !== 0) skip(`mounting is not permitted here: ${stderr}`);
}

/** The number of a process that has ended. */
function spawnedAndEnded(): number {
  return Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
}

/** What the folder is called while a restore fills it. */
async function namesUnderWay(): Promise<readonly string[]> {
  const names: string[] = [];
  await restored(
    halfway(() => names.push(...execFileSync('ls', ['-A', target], { encoding: 'utf8' }).trim().split('\n'))),
  );
  await rm(folder, { recursive: true });
  return names;
}
