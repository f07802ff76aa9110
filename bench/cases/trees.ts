import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DataSet, mixedTree, smallFiles } from '../data.ts';
import { borg, copy, type Program, plainCopy, present, restic, triplicate } from '../programs.ts';
import type { Limit, Row } from '../report.ts';
import type { Case, Settings } from './case.ts';
import { canEmptyCache, inTurn, type Work } from './rounds.ts';

const ratio = (most: number): Limit => ({ kind: 'ratio', to: 'restic', most });

export const mixed: Case = {
  name: 'mixed',
  title: 'Mixed tree',
  about: '1.7 GB in 18,000 files: sources and documents, libraries, media that do not compress.',
  // Of so few files most of an unchanged run is what derives the key, for every program: it has no budget.
  run: (settings) => wholeTree(settings, mixedTree, { firstBackup: [ratio(0.45)], unchanged: [], change: [] }),
};

export const small: Case = {
  name: 'small',
  title: 'Small files',
  about: '200,000 files of 0.2 to 4 kB in 2,000 folders.',
  run: (settings) =>
    wholeTree(settings, smallFiles, {
      firstBackup: [ratio(0.4)],
      unchanged: [ratio(0.2)],
      change: [{ kind: 'ratio', to: 'restic', work: 'unchanged', most: 0.03 }],
    }),
};

interface Budgets {
  readonly firstBackup: readonly Limit[];
  readonly unchanged: readonly Limit[];
  /** Of one changed file that the watcher has reported, beside the seconds. */
  readonly change: readonly Limit[];
}

async function wholeTree(settings: Settings, data: DataSet, budgets: Budgets): Promise<readonly Row[]> {
  const { scratch, scale } = settings;
  const source = join(scratch, 'source');
  data.make(source, scale);
  let restored = 0;
  // A folder of its own for each: for minutes after files were removed, ext4 searches long for inodes that it may use again.
  const target = (): string => join(scratch, `restored ${++restored}`);
  const file = oneFileIn(source);
  const works: readonly Work[] = [
    {
      name: 'first backup',
      command: (program, location) => program.backup(location, source),
      limits: [...budgets.firstBackup, { kind: 'stored', to: 'restic', most: 1.03 }],
      weighs: 'repository',
    },
    {
      name: 'unchanged',
      command: (program, location) => program.backup(location, source),
      limits: budgets.unchanged,
    },
    {
      name: 'restore',
      command: (program, location) => program.restore(location, target()),
      limits: [ratio(0.5)],
    },
    {
      name: 'restore one file, by command',
      command: (program, location) => program.restore(location, target(), file),
    },
  ];
  const programs = await present([triplicate(), restic(scratch), borg(scratch)]);
  const rows = await inTurn(programs, works, { ...settings, warm: source });
  const cold = await fromTheDisk(settings, source, programs);
  const copied: Work = { name: 'restore', command: () => copy(source, target()) };
  const copies = await inTurn([plainCopy], [copied], { ...settings, warm: source });
  return [...rows, ...cold, ...copies, ...warmEngine(scratch, source, file, budgets.change)];
}

/** A first backup as people have it: of files that nobody has read since the machine was started. Once, as it takes long. */
async function fromTheDisk(settings: Settings, source: string, programs: readonly Program[]): Promise<readonly Row[]> {
  if (!canEmptyCache()) {
    process.stdout.write("The system's cache cannot be emptied: the backup from the disk is left out.\n");
    return [];
  }
  const work: Work = {
    name: 'first backup, nothing in the cache',
    command: (program, location) => program.backup(location, source),
  };
  return inTurn(programs, [work], { ...settings, rounds: 1, warm: null });
}

/** A change to one file and the restore of one, in an engine that runs already, as in the app. */
function warmEngine(scratch: string, source: string, file: string, changeLimits: readonly Limit[]): readonly Row[] {
  const program = fileURLToPath(new URL('../warm-engine.ts', import.meta.url));
  const output = execFileSync(process.execPath, [program, join(scratch, 'repository-warm'), source, file], {
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const { change, restore } = JSON.parse(output) as Record<'change' | 'restore', readonly number[]>;
  const row = (work: string, seconds: readonly number[], limits: readonly Limit[] = []): Row => ({
    work,
    program: 'Triplicate',
    runs: seconds.map((one) => ({ seconds: one, cpuSeconds: Number.NaN, peakMB: 0 })),
    limits: [{ kind: 'seconds', most: 0.3 }, ...limits],
  });
  return [
    row('one changed file, watched, to its durable snapshot', change, changeLimits),
    row('restore one file, in the running app', restore),
  ];
}

/** A file in the middle of the tree. */
function oneFileIn(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const entry = entries[Math.floor(entries.length / 2)];
  if (!entry) throw new Error(`${folder} is empty.`);
  const path = join(folder, entry.name);
  return entry.isDirectory() ? oneFileIn(path) : path;
}
