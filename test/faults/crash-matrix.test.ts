import { execFileSync, spawn } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import { backup, openRepository, type Repository } from '../../main/engine/engine.ts';
import { describeTree } from '../support/compare-trees.ts';
import { newRepository, ownHost, PASSPHRASE } from '../support/engine.ts';
import { LONG } from '../support/long.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { type Restic, restic } from '../support/restic.ts';
import { seeded } from '../support/seeded.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Whatever is killed with SIGKILL at whatever moment: stock restic finds no error, every snapshot that was reported as
 * done comes back bit for bit, the passphrase that was reported as set opens the repository, and the next run finishes
 * without help. Ten rounds on each kind of store; with TRIPLICATE_LONG=1 a hundred, from another seed each time.
 */
const ROUNDS = LONG ? 100 : 10;
const SEED = Number(process.env.TRIPLICATE_SEED ?? (LONG ? Date.now() % 1_000_000 : 4));
const PROGRAM = fileURLToPath(new URL('../support/run-round.ts', import.meta.url));

/** How long the works take on a quick machine, in milliseconds: they are killed within that time. */
const WORKS = { backup: 600, restore: 400, forget: 500, prune: 800, copy: 900, passwd: 500 } as const;
type Work = keyof typeof WORKS;

/** A repository, what is backed up into it, and what is known of it. */
class World {
  readonly scratch: string;
  readonly source: string;
  readonly location: string;
  readonly other: string;
  readonly folder: string;
  readonly remotes: RcloneRemotes | undefined;
  readonly random: () => number;
  passphrase = PASSPHRASE;
  /** What the source looked like in each snapshot that was reported as done. */
  readonly done = new Map<string, readonly string[]>();
  newest = '';
  /** Works that were not through when they were struck. */
  struck = 0;

  constructor(scratch: string, remotes: RcloneRemotes | undefined, seed: number) {
    this.scratch = scratch;
    this.source = join(scratch, 'source');
    this.remotes = remotes;
    this.folder = remotes ? join(remotes.folders.dav, 'repository') : join(scratch, 'repository');
    this.location = remotes ? 'rclone:dav:repository' : this.folder;
    this.other = join(scratch, 'other');
    this.random = seeded(seed);
  }

  get variables(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.remotes?.env };
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  judge(passphrase = this.passphrase): Restic {
    return restic({ repository: this.folder, passphrase, scratch: this.scratch });
  }

  async open(passphrase = this.passphrase): Promise<Repository> {
    const store = await openStore(this.location, { clock: systemClock, variables: this.variables });
    try {
      return await openRepository(store, { passphrase }, ownHost());
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async change(): Promise<void> {
    const bytes = (): Buffer =>
      Buffer.from(Array.from({ length: 40_000 }, () => this.random() * 2 ** 32).flatMap(split));
    for (let n = 0; n < 4; n++) await writeFile(join(this.source, `file ${Math.floor(this.random() * 12)}`), bytes());
    await rm(join(this.source, `file ${Math.floor(this.random() * 12)}`), { force: true });
    const from = join(this.source, `file ${Math.floor(this.random() * 12)}`);
    await rename(from, join(this.source, 'folder', `moved ${Math.floor(this.random() * 3)}`)).catch(() => undefined);
  }

  noteDone(snapshot: string): void {
    this.done.set(snapshot, describeTree(this.source).slice(1));
    this.newest = snapshot;
  }

  /** A run of its own, to its end; it also has to clear away the locks of the dead. */
  async backUp(): Promise<void> {
    const repository = await this.open();
    try {
      const report = await backup({ destinations: [{ repository }], paths: [this.source], workingDirectory: '/' });
      this.noteDone(report.results[0]?.snapshotId ?? '');
    } finally {
      await repository.store.close();
    }
  }

  async restoresAll(): Promise<void> {
    const listed = new Set((await this.judge().snapshots('--no-lock')).map(({ id }) => id));
    expect(listed, 'the newest snapshot').toContain(this.newest);
    for (const [id, lines] of this.done) {
      if (!listed.has(id)) continue;
      const target = join(this.scratch, 'restored');
      await rm(target, { recursive: true, force: true });
      await this.judge().restore(id, target, '--no-lock');
      expect(describeTree(join(target, this.source)).slice(1)).toEqual(lines);
    }
  }
}

function split(word: number): number[] {
  return [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
}

/** Does the work in a process that is killed after a while. Gives what it said when it was through. */
function killed(world: World, work: Work, argument: string): Promise<string | undefined> {
  const victims = world.remotes && work !== 'passwd' ? (['engine', 'rclone', 'both'] as const) : (['engine'] as const);
  const victim = world.pick(victims);
  const afterMs = world.random() * WORKS[work] * (world.remotes ? 1.8 : 1);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, work, world.location, argument], {
      env: { ...world.variables, TEST_PASSPHRASE: world.passphrase },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    const strike = (): void => {
      world.struck++;
      if (victim !== 'engine') killRclones(child.pid ?? 0);
      if (victim !== 'rclone') child.kill('SIGKILL');
    };
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('opened')) timer ??= setTimeout(strike, afterMs);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(/^done (.*)$/m.exec(output)?.[1]);
    });
  });
}

function killRclones(parent: number): void {
  try {
    execFileSync('pkill', ['-KILL', '-P', String(parent), 'rclone']);
  } catch {
    // There was none just then.
  }
}

async function round(world: World, work: Work): Promise<void> {
  await world.change();
  switch (work) {
    case 'backup': {
      const id = await killed(world, work, world.source);
      if (id) world.noteDone(id);
      break;
    }
    case 'passwd': {
      const next = `passphrase ${world.random()}`;
      const id = await killed(world, work, next);
      // Undecided when it was killed: one of the two opens it, and it goes on with that.
      const isNew = await world.open(next).then(
        ({ store }) => store.close().then(() => true),
        () => false,
      );
      if (id !== undefined) expect(isNew, 'the passphrase that was reported as set').toBe(true);
      if (isNew) world.passphrase = next;
      break;
    }
    case 'copy':
      await killed(world, work, world.other);
      await restic({ repository: world.other, passphrase: PASSPHRASE, scratch: world.scratch }).check(
        '--read-data',
        '--no-lock',
      );
      break;
    case 'restore':
      await killed(world, work, join(world.scratch, 'target'));
      break;
    default:
      await killed(world, work, '');
  }
  await world.judge().check('--read-data', '--no-lock');
  await world.backUp();
}

it.each(['local', 'rclone'])('survives being killed at any moment, on a %s store', async (kind) => {
  const scratch = await temporaryFolder(`crash-${kind}`);
  const remotes = kind === 'rclone' ? await startRcloneRemotes(scratch.path, ['dav']) : undefined;
  const world = new World(scratch.path, remotes, SEED);
  try {
    await mkdir(join(world.source, 'folder'), { recursive: true });
    await newRepository(world.location, { variables: world.variables }).then(({ store }) => store.close());
    await newRepository(world.other).then(({ store }) => store.close());
    await world.change();
    await world.backUp();
    const works = Object.keys(WORKS) as Work[];
    for (let n = 0; n < ROUNDS; n++) {
      // The other repository keeps the first passphrase, and a copy opens both with one.
      const work = works[n % works.length] as Work;
      const fits = work === 'copy' && world.passphrase !== PASSPHRASE ? 'prune' : work;
      await round(world, fits).catch((cause) => {
        throw new Error(`Round ${n}, ${fits}, TRIPLICATE_SEED=${SEED}: ${(cause as Error).message}`, { cause });
      });
      if (n % 10 === 9) await world.restoresAll();
    }
    expect(world.struck).toBeGreaterThan(ROUNDS / 3);
    process.stdout.write(
      `${kind}: ${ROUNDS} rounds from seed ${SEED}, ${world.struck} struck, ${world.done.size} snapshots\n`,
    );
  } finally {
    await remotes?.close();
    await scratch.remove();
  }
});
