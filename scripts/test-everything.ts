/**
 * All that must hold before a change lands: types, lint, build, every test project. A failing part does not hide the
 * later ones. The last line sums everything; each part that is not a test counts as one.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from './tally-reporter.ts';

const parts = [
  ['npm', 'run', '--silent', 'typecheck'],
  ['npm', 'run', '--silent', 'lint'],
  ['npm', 'run', '--silent', 'build'],
] as const;

let passed = 0;
let failed = 0;
// Side by side: none of them keeps two cores busy. What they print comes whole, in this order.
for (const part of parts.map(runPart)) {
  const { name, ok, printed, seconds } = await part;
  if (ok) passed += 1;
  else failed += 1;
  process.stdout.write(`${printed}${ok ? 'passed' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)\n`);
}

const tests = runTests(process.argv.slice(2));
for (const { name, reason } of tests.skips) process.stdout.write(`skipped  ${name}${reason ? `: ${reason}` : ''}\n`);
for (const name of tests.failures) process.stdout.write(`FAILED  ${name}\n`);
passed += tests.passed;
failed += tests.failed;
process.stdout.write(`${passed} passed, ${failed} failed, ${tests.skips.length} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;

interface PartEnd {
  readonly name: string;
  readonly ok: boolean;
  readonly printed: string;
  readonly seconds: number;
}

function runPart([command, ...args]: (typeof parts)[number]): Promise<PartEnd> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const name = args[args.length - 1] ?? command;
  return new Promise((resolve) => {
    const end = (ok: boolean, printed: string) =>
      resolve({ name, ok, printed, seconds: (performance.now() - started) / 1000 });
    child.once('error', ({ message }) => end(false, `${message}\n`));
    child.once('close', (code) => end(code === 0, Buffer.concat(chunks).toString()));
  });
}

function runTests(filters: readonly string[]): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'triplicate-tally-'));
  const file = join(folder, 'tally.json');
  try {
    const args = ['run', '--reporter=default', '--reporter=./scripts/tally-reporter.ts', ...filters];
    const env = { ...process.env, TRIPLICATE_TALLY: file };
    const { status } = spawnSync('vitest', args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    const tally = JSON.parse(readFileSync(file, 'utf8')) as Tally;
    // Vitest can fail for reasons that belong to no test; such a run is never reported as a success.
    return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1, failures: ['the test runner itself'] } : tally;
  } catch {
    return { passed: 0, failed: 1, failures: ['the test runner ended without a result'], skips: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
