/**
 * `node scripts/build.ts [--if-stale] [renderer] [electron]`: builds the interface into `out/renderer` and Electron's
 * bundles into `out/main` and `out/preload`; both when none is named. With `--if-stale` only what is older than its sources.
 * Nothing that runs in plain Node needs a build.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

process.chdir(join(import.meta.dirname, '..'));

interface Target {
  readonly sources: readonly string[];
  /** Written last by the build; its age is the age of the target. */
  readonly result: string;
  build(): Promise<unknown>;
}

const TARGETS: Readonly<Record<string, Target>> = {
  renderer: {
    sources: ['renderer', 'main/api/contract', 'assets/public', 'config/vite.renderer.ts', 'package-lock.json'],
    result: 'out/renderer/index.html',
    build: async () => {
      const vite = await import('vite');
      await vite.build({ configFile: 'config/vite.renderer.ts', logLevel: 'warn' });
    },
  },
  electron: {
    sources: ['main', 'preload', 'config/electron-vite.ts', 'package-lock.json'],
    result: 'out/preload/index.cjs',
    build: async () => {
      for (const folder of ['out/main', 'out/preload']) rmSync(folder, { recursive: true, force: true });
      // electron-vite looks up the electron version only; the program itself is not needed to build.
      const electronVite = await import('electron-vite');
      await electronVite.build({ configFile: 'config/electron-vite.ts', logLevel: 'warn', ignoreConfigWarning: true });
    },
  },
};

const words = process.argv.slice(2);
const named = words.filter((word) => !word.startsWith('--'));
const onlyStale = words.includes('--if-stale');
for (const name of named.length > 0 ? named : Object.keys(TARGETS)) {
  const target = TARGETS[name];
  if (!target) throw new Error(`There is nothing to build that is called ${name}.`);
  if (onlyStale && !isStale(target)) continue;
  process.stderr.write(`Building ${name}…\n`);
  await target.build();
}

function isStale(target: Target): boolean {
  const built = statSync(target.result, { throwIfNoEntry: false })?.mtimeMs;
  return built === undefined || target.sources.some((source) => newest(source) > built);
}

/** The latest change below a path, folders included, so that a removed file counts too. 0 when there is nothing. */
function newest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
