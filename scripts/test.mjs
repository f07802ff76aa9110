/** `npm test`: sets up what is missing, then types, lint, build and every test. Ends with `N passed, N failed, N skipped`. */
import { ensureDependencies, ensurePrograms, main, runNode, SetupError, testPrograms } from './setup.mjs';

await main(async () => {
  // Side by side: both wait for the network for most of their time.
  const [missing] = await Promise.all([ensurePrograms(testPrograms), ensureDependencies()]);
  if (missing) throw new SetupError(missing);
  return runNode(['scripts/test-everything.ts', ...process.argv.slice(2)]);
});
