/** `npm start`: sets up what is missing, then opens Triplicate. Arguments after `--` go to the host (`--port`, `--no-open`). */
import { ensureDependencies, ensurePrograms, main, rclone, runNode } from './setup.mjs';

await main(async () => {
  await ensureDependencies();
  const missing = await ensurePrograms([rclone]);
  if (missing) process.stderr.write(`${missing}\nUntil then only local destinations work.\n`);
  return runNode(['scripts/launch.ts', ...process.argv.slice(2)]);
});
