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
}

/** Files at once, and tests at once that are marked as concurrent: as many as the smallest machine has cores. */
const AT_ONCE = 2;

const kinds: readonly Kind[] = [
  { name: 'unit', timeoutSeconds: 15, order: 0 },
  { name: 'contract', timeoutSeconds: 120, order: 0 },
  { name: 'property', timeoutSeconds: 180, order: 0 },
  { name: 'interop', timeoutSeconds: 240, order: 1 },
  { name: 'faults', timeoutSeconds: 240, order: 1 },
  { name: 'e2e', timeoutSeconds: 240, order: 2 },
];

export default defineConfig({
  test: {
    passWithNoTests: true,
    teardownTimeout: 10_000,
    maxConcurrency: AT_ONCE,
    slowTestThreshold: 2_000,
    projects: kinds.map(({ name, timeoutSeconds, order }) => ({
      plugins: [react()],
      test: {
        name,
        include: long ? [`test/${name}/**/*.test.{ts,tsx}`] : [`test/${name}/**/!(*.long).test.{ts,tsx}`],
        pool: 'forks' as const,
        maxWorkers: AT_ONCE,
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
