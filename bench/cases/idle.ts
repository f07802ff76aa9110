import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { smallFiles } from '../data.ts';
import { residentBytes } from '../measure.ts';
import type { Row } from '../report.ts';
import type { Case, Settings } from './case.ts';

const BIN = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const WATCHED_SECONDS = 30;

export const idle: Case = {
  name: 'idle',
  title: 'At rest',
  about: `The app with 200,000 watched files and one destination, backed up and left alone for ${WATCHED_SECONDS} s: the CPU column is what it took in that time.`,
  run,
};

async function run({ scratch, scale }: Settings): Promise<readonly Row[]> {
  const source = join(scratch, 'source');
  smallFiles.make(source, scale);
  const env = {
    ...process.env,
    HOME: scratch,
    TRIPLICATE_HOME: join(scratch, 'home'),
    TRIPLICATE_PASSWORD: 'only for measuring',
  };
  const command = (...args: string[]): string =>
    execFileSync(process.execPath, [BIN, ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  mkdirSync(join(scratch, 'disk'));
  command('folder', 'add', source);
  command('destination', 'add', 'Disk', join(scratch, 'disk'));
  command('backup');
  const app = spawn(process.execPath, [BIN, 'serve', '--no-open'], { env, stdio: 'ignore' });
  try {
    await untilWatching(app, command);
    const before = ticksOf(app.pid ?? 0);
    let peak = 0;
    for (let second = 0; second < WATCHED_SECONDS; second++) {
      peak = Math.max(peak, residentBytes(app.pid ?? 0));
      await wait(1000);
    }
    const cpuSeconds = (ticksOf(app.pid ?? 0) - before) / 100;
    const runs = [{ seconds: WATCHED_SECONDS, cpuSeconds, peakMB: Math.round(peak / 1e6) }];
    return [{ work: 'at rest', program: 'Triplicate', runs, limits: [{ kind: 'peakMB', most: 250 }] }];
  } finally {
    app.kill();
  }
}

interface Status {
  readonly folders: readonly { readonly watch?: { readonly state: string } }[];
}

async function untilWatching(app: ChildProcess, command: (...args: string[]) => string): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    await wait(1000);
    if (app.exitCode !== null) throw new Error('The app has ended.');
    const { folders } = JSON.parse(command('status', '--json')) as Status;
    if (folders.every(({ watch }) => watch?.state === 'watching')) return wait(20_000);
  }
  throw new Error('The folder was not watched within two minutes.');
}

/** Processor time of a process and all below it so far, in hundredths of a second. */
function ticksOf(root: number): number {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      parents.set(Number(name), Number(fields[1]));
      ticks.set(Number(name), Number(fields[11]) + Number(fields[12]));
    } catch {
      // It ended meanwhile.
    }
  }
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(parents.get(pid) ?? 0));
  return [...ticks].filter(([pid]) => belongs(pid)).reduce((sum, [, one]) => sum + one, 0);
}
