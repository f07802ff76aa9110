import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, measure } from './measure.ts';

/** A backup program, by its commands. Locations are folders, or what the program takes for a remote. */
export interface Program {
  readonly name: string;
  readonly init: (location: string) => Command;
  readonly backup: (location: string, source: string) => Command;
  /** Brings back the newest backup, or one path of it, below `target`. */
  readonly restore: (location: string, target: string, path?: string) => Command;
}

export const PASSPHRASE = 'bench';
const TRIPLICATE = [process.execPath, fileURLToPath(new URL('../main/bin.js', import.meta.url))];

export function triplicate(): Program {
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE };
  const command = (...args: string[]): Command => ({ argv: [...TRIPLICATE, 'repo', ...args], env });
  return {
    name: 'Triplicate',
    init: (location) => command('init', location),
    backup: (location, source) => command('backup', location, source),
    restore: (location, target, path) =>
      command('restore', location, 'latest', '--target', target, ...(path ? ['--include', path] : [])),
  };
}

/** Stock restic as it comes, with its cache in `scratch`. */
export function restic(scratch: string, options: readonly string[] = []): Program {
  const env = { RESTIC_PASSWORD: PASSPHRASE, RESTIC_CACHE_DIR: join(scratch, 'restic-cache') };
  const command = (location: string, ...args: string[]): Command => ({
    argv: ['restic', '-q', ...options, '-r', location, ...args],
    env,
  });
  return {
    name: 'restic',
    init: (location) => command(location, 'init'),
    backup: (location, source) => command(location, 'backup', source),
    restore: (location, target, path) =>
      flushed(command(location, 'restore', 'latest', '--target', target, ...(path ? ['--include', path] : [])), target),
  };
}

/** Borg with zstd at level 3, which is restic's. */
export function borg(scratch: string): Program {
  const env = {
    BORG_PASSPHRASE: PASSPHRASE,
    BORG_BASE_DIR: join(scratch, 'borg'),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
  };
  return {
    name: 'Borg',
    init: (location) => ({ argv: ['borg', 'init', '--encryption', 'repokey-blake2', location], env }),
    backup: (location, source) => ({
      argv: ['borg', 'create', '--compression', 'zstd,3', `${location}::{now:%s%f}`, source],
      env,
    }),
    restore: (location, target, path) => {
      mkdirSync(target, { recursive: true });
      const script = 'borg extract "$0::$(borg list --last 1 --format "{archive}" "$0")" "$@"';
      const argv = ['bash', '-c', script, location, ...(path ? [path.slice(1)] : [])];
      return flushed({ argv, env, directory: target }, target);
    },
  };
}

/** No backup program: what the disk alone needs for as many files, beside the restores. */
export const plainCopy: Program = {
  name: 'cp',
  init: () => ({ argv: ['true'] }),
  backup: copy,
  restore: copy,
};

export function copy(source: string, target: string): Command {
  return flushed({ argv: ['cp', '-a', source, target] }, target);
}

/** Triplicate says that a restore is done when its bytes are on the disk; the others leave that to the system. */
function flushed(command: Command, target: string): Command {
  const script = 'target=$1; shift; "$@" && sync -f "$target"';
  return { ...command, argv: ['sh', '-c', script, 'sh', target, ...command.argv] };
}

/** Those of the programs that this machine has; the others are left out with a word. */
export async function present(programs: readonly Program[]): Promise<readonly Program[]> {
  const found: Program[] = [];
  for (const program of programs) {
    const name = program.name.toLowerCase();
    try {
      if (program.name !== 'Triplicate') await measure({ argv: ['sh', '-c', `command -v ${name}`] });
      found.push(program);
    } catch {
      process.stdout.write(`${program.name} is not installed and is left out.\n`);
    }
  }
  return found;
}
