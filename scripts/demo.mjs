/** `npm run demo`: the whole promise on sample data in under a minute; `-- --exit` ends instead of leaving it open. */
import { ensureDependencies, ensurePrograms, main, rclone, runNode, SetupError } from './setup.mjs';

await main(async () => {
  await ensureDependencies();
  const missing = await ensurePrograms([rclone]);
  if (missing) throw new SetupError(missing);
  const built = await runNode(['scripts/build.ts', '--if-stale', 'renderer', 'cli']);
  return built === 0 ? runNode(['main/bin.js', 'demo', ...process.argv.slice(2)]) : built;
});
