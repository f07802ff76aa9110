import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** What one run of all test projects came to. A file that cannot be loaded and a stray rejection count as failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
  readonly skips: readonly { readonly name: string; readonly reason: string | undefined }[];
}

/** Writes the tally as JSON to the file that TRIPLICATE_TALLY names. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env.TRIPLICATE_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally(modules, unhandled)));
  }
}

function tally(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Tally {
  let passed = 0;
  const failures: string[] = unhandled.map((error) => `outside any test: ${error.message}`);
  const skips: { name: string; reason: string | undefined }[] = [];
  for (const module of modules) {
    for (const error of module.errors()) failures.push(`${module.relativeModuleId}: ${error.message}`);
    for (const suite of module.children.allSuites()) {
      for (const error of suite.errors())
        failures.push(`${module.relativeModuleId} > ${suite.fullName}: ${error.message}`);
    }
    for (const test of module.children.allTests()) {
      const name = `${module.relativeModuleId} > ${test.fullName}`;
      const result = test.result();
      if (result.state === 'passed') passed += 1;
      else if (result.state === 'skipped') skips.push({ name, reason: result.note });
      else failures.push(name);
    }
  }
  return { passed, failed: failures.length, failures, skips };
}
