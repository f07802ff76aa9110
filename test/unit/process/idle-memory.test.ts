import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('../../../main/process/idle-memory.ts', import.meta.url));

/** A process that has held 100 MB, and says what it holds after some seconds of rest. */
function restingMegabytes(whenDone: 'rests' | 'stays busy'): number {
  const program = `
    import { IdleMemory } from ${JSON.stringify(MODULE)};
    import { setTimeout as wait } from 'node:timers/promises';
    const memory = new IdleMemory();
    memory.idle();
    let held = Array.from({ length: 400_000 }, (_, n) => ({ n, text: 'some text ' + n, list: [n, n, n, n, n, n, n, n] }));
    held.at(-1);
    held = undefined;
    ${whenDone === 'rests' ? 'memory.idle();' : 'memory.busy();'}
    await wait(6000);
    process.stdout.write(String(process.memoryUsage().heapUsed / 1e6));
  `;
  const flags = ['--no-warnings', '--input-type=module-typescript', '-e', program];
  return Number(execFileSync(process.execPath, flags, { encoding: 'utf8' }));
}

it('gives memory back after some seconds without work, and not before', () => {
  expect(restingMegabytes('rests')).toBeLessThan(20);
  expect(restingMegabytes('stays busy')).toBeGreaterThan(20);
}, 30_000);
