import { accessSync, constants, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Measured, measure, run } from '../measure.ts';
import type { Program } from '../programs.ts';
import type { Limit, Row } from '../report.ts';

/** A kind of work that programs do in turn. */
export interface Work {
  readonly name: string;
  readonly command: (program: Program, location: string) => Command;
  /** Before it is timed: what it needs, such as a change or an empty target. */
  readonly prepare?: () => void;
  readonly limits?: readonly Limit[];
  /** Whether the size of the repository after it is worth a column. */
  readonly weighs?: 'repository';
}

/**
 * Rounds of the same works by each program, each round with new repositories; who comes first changes from round to
 * round. `warm`: a folder that is read before each work, so that nobody is measured against a cold disk; `null`: everybody is.
 */
export async function inTurn(
  programs: readonly Program[],
  works: readonly Work[],
  place: {
    readonly scratch: string;
    readonly rounds: number;
    readonly warm: string | null;
    readonly location?: Locate;
  },
): Promise<readonly Row[]> {
  const runs = new Map<string, Measured[]>();
  const stored = new Map<string, number>();
  const { locate, folder } = { locate: (folder: string) => folder, folder: place.scratch, ...place.location };
  for (let round = 0; round < place.rounds; round++) {
    const order = round % 2 === 0 ? programs : programs.toReversed();
    for (const program of order) await run(program.init(locate(join(folder, repositoryOf(program)), program)));
    for (const work of works) {
      for (const program of order) {
        work.prepare?.();
        await settle(place.warm);
        const key = `${work.name}\n${program.name}`;
        const measured = await measure(work.command(program, locate(join(folder, repositoryOf(program)), program)));
        runs.set(key, [...(runs.get(key) ?? []), measured]);
        process.stdout.write(`${work.name}, ${program.name}: ${measured.seconds.toFixed(2)} s\n`);
        if (work.weighs) stored.set(key, await megabytesOf(join(folder, repositoryOf(program))));
      }
    }
    for (const program of programs) rmSync(join(folder, repositoryOf(program)), { recursive: true, force: true });
  }
  return works.flatMap((work) =>
    programs.map((program) => {
      const key = `${work.name}\n${program.name}`;
      const storedMB = stored.get(key);
      return {
        work: work.name,
        program: program.name,
        runs: runs.get(key) ?? [],
        ...(storedMB === undefined ? {} : { storedMB }),
        ...(program.name === 'Triplicate' && work.limits ? { limits: work.limits } : {}),
      };
    }),
  );
}

/** Where the folder of a repository is for a program, when it does not go straight to the disk. */
export interface Locate {
  readonly folder: string;
  readonly locate: (folder: string, program: Program) => string;
}

function repositoryOf(program: Program): string {
  return `repository-${program.name.toLowerCase()}`;
}

const DROP_CACHES = '/proc/sys/vm/drop_caches';

/** Whether the system's cache can be emptied: by root, on Linux. */
export function canEmptyCache(): boolean {
  try {
    accessSync(DROP_CACHES, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What was written before is on the disk, what is to be read is in memory, or nothing is. */
async function settle(warm: string | null): Promise<void> {
  await run({ argv: ['sync'] });
  if (warm === null) await run({ argv: ['sh', '-c', `echo 3 > ${DROP_CACHES}`] });
  else await run({ argv: ['sh', '-c', 'find "$0" -type f -exec cat {} + > /dev/null', warm] });
}

async function megabytesOf(folder: string): Promise<number> {
  const { execFileSync } = await import('node:child_process');
  return Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]) / 1e6;
}
