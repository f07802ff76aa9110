import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Measured {
  readonly seconds: number;
  /** Most resident memory of the process and its children at once, in MB. */
  readonly peakMB: number;
}

/** Runs a command to its end and watches the memory of its whole process tree. Throws when it fails. */
export function measure(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Measured> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaints = '';
    let peak = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    const timer = setInterval(() => {
      if (child.pid !== undefined) peak = Math.max(peak, residentBytes(child.pid));
    }, 50);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      const seconds = (performance.now() - started) / 1000;
      if (code === 0) resolve({ seconds, peakMB: Math.round(peak / 1e6) });
      else reject(new Error(`${program} ended with ${code}: ${complaints.trim().split('\n').at(-1)}`));
    });
  });
}

/** Resident bytes of a process and all below it, from /proc; 0 where there is none. */
function residentBytes(root: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  try {
    for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
      const status = statusOf(name);
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
    }
  } catch {
    return 0;
  }
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(parents.get(pid) ?? 0));
  return [...resident].filter(([pid]) => belongs(pid)).reduce((sum, [, bytes]) => sum + bytes, 0);
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
