import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findSnapshot, forget, planRestore, prune, restore, unlock } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { restic } from '../support/restic.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../support/run-verb.ts', import.meta.url));
const ROUNDS = LONG ? 10 : 5;
/** The kills are spread over the same time, however many there are. */
const STEP = 10 / ROUNDS;

let scratch: TemporaryFolder;
let location: string;
let source: string;

beforeEach(async () => {
  scratch = await temporaryFolder('killed-verbs');
  location = join(scratch.path, 'repository');
  source = join(scratch.path, 'source');
  await mkdir(source);
  await newRepository(location);
});
afterEach(() => scratch.remove());

/** Kills the verb `afterMs` after it opened the repository; tells whether it was quicker. */
function killed(args: readonly string[], afterMs: number): Promise<'killed' | 'done'> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('opened')) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(output.includes('done') ? 'done' : 'killed');
    });
  });
}

async function fill(from: number, to: number, folder = '.'): Promise<void> {
  await mkdir(join(source, folder), { recursive: true });
  for (let n = from; n < to; n++) await writeFile(join(source, folder, `file ${n}`), randomBytes(300_000));
}

it('prune killed at any moment leaves a repository that restic passes, with every kept snapshot whole', async () => {
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  let deaths = 0;
  await fill(0, 60);
  for (let round = 0; round < ROUNDS; round++) {
    await fill(round * 6, round * 6 + 20);
    await judge.backup([source]);
    await forget({ repository: await reopen(location), policy: { last: 1 }, mode: 'remove' });
    if ((await killed(['prune', location], 215 + round * STEP * 25)) === 'killed') deaths++;
    await judge.check('--read-data', '--no-lock');
    await unlock(await reopen(location));
  }
  expect(deaths).toBeGreaterThan(2);
  await prune({ repository: await reopen(location), mode: 'prune', maxUnused: 0 });
  await judge.check('--read-data');
  await judge.restore('latest', join(scratch.path, 'restored'), '--verify');
  expect(describeTree(join(scratch.path, 'restored', source)).slice(1)).toEqual(describeTree(source).slice(1));
});

it('a killed restore leaves no half file under a final name, and the next one finishes it', async () => {
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await fill(0, 75);
  await fill(0, 75, 'a folder that is new to the target');
  await writeFile(join(source, 'large'), randomBytes(12_000_000));
  await judge.backup([source]);
  const target = join(scratch.path, 'target');
  const contents = (root: string): ReadonlySet<string> =>
    new Set(
      execFileSync(
        'sh',
        ['-c', 'cd "$1" && find . -name ".triplicate*" -prune -o -type f -exec sha256sum {} +', 'sh', root],
        {
          encoding: 'utf8',
        },
      )
        .trim()
        .split('\n')
        .filter(Boolean),
    );
  const wanted = contents(source);
  let deaths = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await mkdir(join(target, source), { recursive: true });
    if ((await killed(['restore', location, target], 40 + round * STEP * 30)) === 'killed') deaths++;
    for (const line of contents(join(target, source))) expect(wanted).toContain(line);
    if (round % 3 === 2) await rm(target, { recursive: true });
  }
  expect(deaths).toBeGreaterThan(2);
  const repository = await reopen(location);
  const { snapshot } = await findSnapshot(repository, 'latest');
  const report = await restore(await planRestore({ repository, tree: snapshot.tree, target, existing: 'replace' }));
  expect(report.result).toBe('complete');
  expect(contents(join(target, source))).toEqual(wanted);
  // What the killed ones had begun is gone as well.
  expect(execFileSync('find', [target, '-name', '.triplicate*'], { encoding: 'utf8' })).toBe('');
});

it('a full disk stops the restore with its reason and leaves only whole files', async ({ skip }) => {
  const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
  await fill(0, 40);
  await judge.backup([source]);
  const disk = await mountSmallDisk(join(scratch.path, 'disk'), '4m');
  if ('reason' in disk) return skip(disk.reason);
  try {
    const repository = await reopen(location);
    const { snapshot } = await findSnapshot(repository, 'latest');
    const plan = await planRestore({
      repository,
      tree: snapshot.tree,
      target: disk.path,
      from: source,
      existing: 'replace',
    });
    await expect(restore(plan)).rejects.toMatchObject({ code: 'store/full' });
    const sizes = execFileSync('find', [disk.path, '-type', 'f', '-printf', '%s %f\n'], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(sizes.length).toBeGreaterThan(3);
    for (const line of sizes) expect(line).toMatch(/^300000 file/);
  } finally {
    await disk.unmount();
  }
});
