import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/**
 * One project per kind of test, so that `vitest run --project unit` is quick and the kinds that start real programs
 * (restic, rclone, Chromium) get the time they need. A file named `*.long.test.ts` runs only with TRIPLICATE_LONG=1
 * (`npm run test:long`): it may take minutes and is not part of `npm test`.
 */
const long = process.env.TRIPLICATE_LONG === '1';

interface Kind {
  readonly name: string;
  readonly timeoutSeconds: number;
  /** Kinds with the same order run side by side; a later order waits for the earlier. */
  readonly order: number;
  /** Files at once. */
  readonly workers: number;
}

/** As many as the smallest machine has cores, and one: between two files a process begins, on a page something is awaited. */
const BUSY = 3;
/** What waits for locks, time-outs and other programs for half of its time. */
const WAITING = 4;

const kinds: readonly Kind[] = [
  { name: 'unit', timeoutSeconds: 15, order: 0, workers: BUSY },
  { name: 'contract', timeoutSeconds: 120, order: 0, workers: BUSY },
  { name: 'property', timeoutSeconds: 180, order: 0, workers: BUSY },
  { name: 'interop', timeoutSeconds: 240, order: 1, workers: WAITING },
  { name: 'faults', timeoutSeconds: 240, order: 1, workers: WAITING },
  { name: 'e2e', timeoutSeconds: 240, order: 2, workers: BUSY },
];

/**
 * The engine's threads are TypeScript here, which Node strips by WebAssembly that calls JavaScript. V8 13.6 replaces such a call
 * while other threads begin and end, and aborts now and then (`Check failed: jit_page.has_value()`, or SIGSEGV; the stack
 * says `TierUpWasmToJSWrapper`). With this flag there is nothing to replace. The bundle, which people run, strips nothing.
 */
const STEADY_WRAPPERS = '--no-wasm-generic-wrapper';

/**
 * Every worker thread of the engine begins with sources from which Node strips the types first. It keeps what comes out here:
 * a sixth of the processor time of the whole suite was that, a third in tests that start many.
 */
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/code', import.meta.url));

export default defineConfig({
  test: {
    passWithNoTests: true,
    teardownTimeout: 10_000,
    maxConcurrency: 2,
    slowTestThreshold: 2_000,
    projects: kinds.map(({ name, timeoutSeconds, order, workers }) => ({
      plugins: [react()],
      test: {
        name,
        include: long ? [`test/${name}/**/*.test.{ts,tsx}`] : [`test/${name}/**/!(*.long).test.{ts,tsx}`],
        pool: 'forks' as const,
        execArgv: [STEADY_WRAPPERS],
        maxWorkers: workers,
        environment: 'node',
        testTimeout: (long ? 10 : 1) * timeoutSeconds * 1000,
        hookTimeout: 120_000,
        // What a person would wait for, on a machine that is busy with something else.
        expect: { poll: { timeout: 15_000 } },
        sequence: { groupOrder: order },
      },
    })),
  },
});
