import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Measured {
  readonly seconds: number;
  /** Processor time of the command and everything that it started; NaN where bash is missing. */
  readonly cpuSeconds: number;
  /** Most resident memory of the whole process tree at once, in MB. */
  readonly peakMB: number;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Exit codes that are success; 0 alone when absent. */
  readonly accept?: readonly number[];
}

/** bash says what a command took with all that it waited for, on a line of its own behind the command's complaints. */
const TIMED = 'TIMEFORMAT="cpu %U %S"; time "$@"';

/** A look at its memory takes some 10 ms of a processor, which a program that uses all of them would miss. */
const LOOK_MS = 300;

/** Runs a command to its end and watches its whole process tree. @throws when it fails, with its last line */
export function measure(command: Command): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn('bash', ['-c', TIMED, 'bash', ...command.argv], {
      env: { ...process.env, ...command.env },
      cwd: command.directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaints = '';
    let peak = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4000);
    });
    const timer = setInterval(() => {
      if (child.pid !== undefined) peak = Math.max(peak, residentBytes(child.pid));
    }, LOOK_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      const seconds = (performance.now() - started) / 1000;
      const cpu = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(complaints);
      const cpuSeconds = cpu ? Number(cpu[1]) + Number(cpu[2]) : Number.NaN;
      if ((command.accept ?? [0]).includes(code ?? -1)) {
        resolve({ seconds, cpuSeconds, peakMB: Math.round(peak / 1e6) });
      } else {
        const lines = complaints.trim().split('\n').slice(-3, -1).join(' ');
        reject(new Error(`${command.argv.join(' ')} ended with ${code}: ${lines}`));
      }
    });
  });
}

/** Runs a command whose time does not matter. */
export async function run(command: Command): Promise<void> {
  await measure(command);
}

/** Resident bytes of a process and all below it, what they share counted once, from /proc; 0 where there is none. */
export function residentBytes(root: number): number {
  const parents = new Map<number, number>();
  try {
    for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(textOf(`/proc/${name}/status`))?.[1] ?? 0));
    }
  } catch {
    return 0;
  }
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(parents.get(pid) ?? 0));
  const shareOf = (pid: number): number =>
    Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
  return [...parents.keys()].filter(belongs).reduce((sum, pid) => sum + shareOf(pid), 0);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
