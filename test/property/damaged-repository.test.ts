import { createHash } from 'node:crypto';
import { cp, link, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  addKey,
  backup,
  type CheckReport,
  check,
  listSnapshots,
  loadIndex,
  planRestore,
  prune,
  type Repository,
  type RestoreReport,
  repairIndex,
  repairPacks,
  restore,
  type Snapshot,
  walkTree,
} from '../../main/engine/engine.ts';
import { hasCode, TriplicateError } from '../../main/engine/errors.ts';
import { describeTree } from '../support/compare-trees.ts';
import { CHEAP_SCRYPT, newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { filesOf, type Mutation, mutate, mutation, type RepositoryFiles } from '../support/mutations.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * A real repository with random damage to files of every kind. Whatever is struck: nothing hangs, every error is a typed
 * one, a restore gives each file bit for bit or names it, and check knows of all that a restore cannot give and of all
 * that stock restic finds. With TRIPLICATE_LONG=1 three hundred rounds, from another seed each time.
 */
const ROUNDS = Number(process.env.TRIPLICATE_ROUNDS ?? (LONG ? 300 : 6));
const SEED = Number(process.env.TRIPLICATE_SEED ?? (LONG ? Date.now() % 1_000_000 : 11));
const HANG_MS = 60_000;

let scratch: TemporaryFolder;
let source: string;
let good: string;
let files: RepositoryFiles;
/** What each snapshot holds: a line a path, the path first. */
const whole = new Map<string, ReadonlyMap<string, string>>();

beforeAll(async () => {
  scratch = await temporaryFolder('damaged-repository');
  source = join(scratch.path, 'source');
  good = join(scratch.path, 'good');
  for (const folder of ['letters/old', 'pictures', 'empty']) await mkdir(join(source, folder), { recursive: true });
  for (let n = 0; n < 12; n++) {
    const folder = ['letters', 'letters/old', 'pictures'][n % 3] ?? '';
    await writeFile(join(source, folder, `file ${n}`), bytesOf(n, 500 + n * 2500));
  }
  await writeFile(join(source, 'nothing in it'), '');
  await link(join(source, 'pictures/file 2'), join(source, 'another name'));
  await symlink('pictures/file 5', join(source, 'link'));
  const made = await newRepository(good);
  await addKey(made, { passphrase: PASSPHRASE, scrypt: CHEAP_SCRYPT });
  await made.store.close();
  await takeSnapshot();
  await writeFile(join(source, 'letters/file 0'), bytesOf(100, 30_000));
  await rm(join(source, 'pictures/file 8'));
  await restic({ repository: good, passphrase: PASSPHRASE, scratch: scratch.path }).backup([source]);
  await noteSnapshot();
  await writeFile(join(source, 'letters/old/more'), bytesOf(101, 1_200_000));
  await takeSnapshot();
  await storeTwice(join(source, 'letters/old'));
  files = await filesOf(good);
}, 60_000);
afterAll(() => scratch.remove());

function bytesOf(seed: number, outputLength: number): Buffer {
  return createHash('shake256', { outputLength }).update(`${seed}`).digest();
}

async function takeSnapshot(): Promise<void> {
  const repository = await reopen(good);
  await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/', workers: 1 });
  await repository.store.close();
  await noteSnapshot();
}

/** By a program that saw no index; its snapshot is forgotten again. */
async function storeTwice(folder: string): Promise<void> {
  await rename(join(good, 'index'), join(scratch.path, 'index'));
  await mkdir(join(good, 'index'));
  const repository = await reopen(good);
  const request = { destinations: [{ repository }], paths: [folder], workingDirectory: '/', workers: 1 };
  const id = (await backup(request)).results[0]?.snapshotId ?? '';
  await repository.store.close();
  await rm(join(good, 'snapshots', id));
  await cp(join(scratch.path, 'index'), join(good, 'index'), { recursive: true, preserveTimestamps: true });
}

async function noteSnapshot(): Promise<void> {
  const id = (await readdir(join(good, 'snapshots'))).find((name) => !whole.has(name)) ?? '';
  whole.set(id, linesOf(source));
}

/** Names may hold spaces; what follows them in a line begins with the mode. */
function linesOf(root: string): Map<string, string> {
  const lines = describeTree(root).slice(1);
  return new Map(lines.map((line) => [/^(.*?) \d{5,6} \d+ \d+ -?\d+/.exec(line)?.[1] ?? line, line]));
}

/** What a restore of a snapshot gave: files that are whole, and what was left out; nothing when it refused as a whole. */
interface Given {
  readonly report: RestoreReport | undefined;
  readonly got: ReadonlySet<string>;
}

/** What the rounds met: a test that meets no damage proves nothing. */
const met = { opened: 0, damaged: 0, incomplete: 0, judged: 0, whole: 0 };

class Round {
  readonly folder: string;
  readonly location: string;

  constructor(folder: string) {
    this.folder = folder;
    this.location = join(folder, 'repository');
  }

  async run(mutations: readonly Mutation[], after: 'prune' | 'repair' | 'nothing'): Promise<void> {
    await cp(good, this.location, { recursive: true });
    for (const one of mutations) await mutate(this.location, files, one);
    const repository = await typed('open', reopen(this.location));
    if (!repository) return;
    met.opened++;
    try {
      const report = await typed('check', check({ repository, read: 'data' }));
      const given = await this.#restoreAll(repository, report);
      // A broken key file beside a good one is a warning of ours, and the end for restic.
      if (report?.result === 'damaged') met.damaged++;
      if (report?.findings.every(({ level }) => level === 'note')) await this.#judge();
      // Of content that is there twice, prune keeps one copy and reads neither: a copy that is known as damaged is mended
      // first, as the app does.
      const hidden = report?.findings.some(({ code }) => code === 'pack-damaged');
      if (after === 'repair' || (after === 'prune' && !hidden)) await this.#afterwards(repository, given, after);
    } finally {
      await repository.store.close();
    }
  }

  async #restoreAll(repository: Repository, report: CheckReport | undefined): Promise<ReadonlyMap<string, Given>> {
    const list = await typed('list', listSnapshots(repository));
    const given = new Map<string, Given>();
    for (const { id, snapshot } of list?.snapshots ?? []) {
      const lines = whole.get(id);
      if (!lines) throw new Error(`A snapshot ${id} that nobody made is taken for a good one.`);
      await typed('ls', listAll(repository, snapshot));
      const one = await this.#restoreOne(repository, snapshot, lines);
      given.set(id, one);
      if (report) expectCheckKnows(report, id, one);
    }
    for (const { id } of list?.unreadable ?? []) {
      if (report) expect(report.findings.map((finding) => finding.id)).toContain(id);
    }
    return given;
  }

  async #restoreOne(repository: Repository, snapshot: Snapshot, lines: ReadonlyMap<string, string>): Promise<Given> {
    const target = join(this.folder, 'target');
    await mkdir(target);
    try {
      const request = { repository, tree: snapshot.tree, target, from: source, existing: 'replace' } as const;
      const report = await typed('restore', planRestore(request).then(restore));
      expect((await readdir(this.folder)).sort(), 'what lies beside the target').toEqual(['repository', 'target']);
      const found = linesOf(target);
      const got = new Set<string>();
      const leftOut = (report?.leftOut ?? []).map(({ path }) => path.slice(source.length));
      for (const [path, line] of found) {
        if (line === lines.get(path)) got.add(path);
        // A file is whole or not there; a folder whose content is missing, and a name of a file that lost another name, may differ in links and times.
        else if (!leftOut.some((lost) => covers(lost, path))) expect(line, 'what was restored').toBe(lines.get(path));
      }
      if (!report) return { report, got };
      for (const path of lines.keys()) {
        if (got.has(path)) continue;
        expect(
          leftOut.some((lost) => covers(lost, path)),
          `${path} is missing and not named in ${JSON.stringify(report.leftOut)}`,
        ).toBe(true);
      }
      if (report.result === 'complete') expect(got.size).toBe(lines.size);
      met[report.result === 'complete' ? 'whole' : 'incomplete']++;
      return { report, got };
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  }

  /** restic must not find what we did not. */
  async #judge(): Promise<void> {
    met.judged++;
    const judge = restic({ repository: this.location, passphrase: PASSPHRASE, scratch: `${this.folder}-restic` });
    try {
      await judge.check('--read-data', '--no-lock');
    } finally {
      await rm(`${this.folder}-restic`, { recursive: true, force: true });
    }
  }

  /** Mending and tidying must not cost anything that could be restored before. */
  async #afterwards(
    repository: Repository,
    before: ReadonlyMap<string, Given>,
    how: 'prune' | 'repair',
  ): Promise<void> {
    if (how === 'prune') await typed('prune', prune({ repository, mode: 'prune', maxUnused: 0 }));
    else {
      await typed('repair index', repairIndex({ repository }));
      await typed('repair packs', repairPacks({ repository, others: [] }));
    }
    const again = await reopen(this.location);
    try {
      const now = await this.#restoreAll(again, undefined);
      for (const [id, { got }] of before) {
        const kept = now.get(id)?.got;
        for (const path of got) expect(kept?.has(path), `${path} of ${id} after the ${how}`).toBe(true);
      }
    } finally {
      await again.store.close();
    }
  }
}

function covers(lost: string, path: string): boolean {
  return lost === '' || path === lost || path.startsWith(`${lost}/`) || source.startsWith(lost);
}

function expectCheckKnows(report: CheckReport, id: string, { report: restored }: Given): void {
  if (restored?.result === 'complete') return;
  expect(report.result, `check, when ${id} is not restored whole: ${JSON.stringify(restored?.leftOut)}`).toBe(
    'damaged',
  );
  const named = report.affected.find((one) => one.id === id)?.lost ?? [];
  expect(named.length, `what check says of ${id}`).toBeGreaterThan(0);
  for (const { path, text } of restored?.leftOut ?? []) {
    const isNamed = named.some((lost) => lost === '/' || path === lost || path.startsWith(`${lost}/`));
    // Another name of a file comes with the file.
    if (!text.includes('another name')) expect(isNamed, `${path} among ${JSON.stringify(named)}`).toBe(true);
  }
}

async function listAll(repository: Repository, snapshot: Snapshot): Promise<void> {
  const { index } = await loadIndex(repository, { onDamage: 'report' });
  await walkTree(repository, index, snapshot.tree, { entry: () => 'descend', unreadable: () => undefined });
}

/** Undefined for a refusal in words; whatever else goes wrong fails the test. */
async function typed<T>(what: string, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG_MS);
  });
  try {
    return await Promise.race([work, hang]);
  } catch (error) {
    if (error instanceof TriplicateError && !hasCode(error, 'internal')) return undefined;
    throw new Error(`${what} failed with what is not an error of ours`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

it('gives what is whole, names what is not, and fails only in words, whatever was damaged', async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('prune' as const, 'repair' as const, 'nothing' as const),
      async (mutations, after) => {
        const folder = join(scratch.path, `round-${round++}`);
        await mkdir(folder);
        try {
          await new Round(folder).run(mutations, after);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: ROUNDS, seed: SEED },
  );
  for (const count of LONG ? Object.values(met) : [met.damaged, met.whole]) expect(count).toBeGreaterThan(0);
  process.stdout.write(`${ROUNDS} rounds from seed ${SEED}: ${JSON.stringify(met)}\n`);
});
