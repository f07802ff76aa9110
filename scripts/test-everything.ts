/**
 * All that must hold before a change lands: types, lint, build, every test project. A failing part does not hide the
 * later ones. The last line sums everything; each part that is not a test counts as one.
 */
import { spawnSync } from 'node:child_process';
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
for (const [command, ...args] of parts) {
  const started = performance.now();
  const ok = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
  if (ok) passed += 1;
  else failed += 1;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${ok ? 'passed' : 'FAILED'}  ${args.at(-1)} (${seconds} s)\n`);
}

const tests = runTests(process.argv.slice(2));
for (const { name, reason } of tests.skips) process.stdout.write(`skipped  ${name}${reason ? `: ${reason}` : ''}\n`);
for (const name of tests.failures) process.stdout.write(`FAILED  ${name}\n`);
passed += tests.passed;
failed += tests.failed;
process.stdout.write(`${passed} passed, ${failed} failed, ${tests.skips.length} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;

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
