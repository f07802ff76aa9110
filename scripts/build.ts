/**
 * `node scripts/build.ts [--if-stale] [renderer] [electron] [cli]`: builds the interface into `out/renderer`, Electron's
 * bundles into `out/main` and `out/preload`, the command line into `out/cli`; all when none is named. With `--if-stale` only
 * what does not fit its sources. Nothing that runs in plain Node needs a build.
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAMP, sourceStamp } from '../main/cli/bundle.js';

process.chdir(join(import.meta.dirname, '..'));

interface Target {
  readonly isStale: () => boolean;
  build(): Promise<unknown>;
}

const RENDERER_SOURCES = [
  'renderer',
  'main/api/contract',
  'assets/public',
  'config/vite.renderer.ts',
  'package-lock.json',
];
const ELECTRON_SOURCES = ['main', 'preload', 'config/electron-vite.ts', 'config/file-urls.ts', 'package-lock.json'];

const TARGETS: Readonly<Record<string, Target>> = {
  renderer: {
    isStale: () => isOlder('out/renderer/index.html', RENDERER_SOURCES),
    build: async () => {
      const vite = await import('vite');
      await vite.build({ configFile: 'config/vite.renderer.ts', logLevel: 'warn' });
    },
  },
  electron: {
    isStale: () => isOlder('out/preload/index.cjs', ELECTRON_SOURCES),
    build: async () => {
      for (const folder of ['out/main', 'out/preload']) rmSync(folder, { recursive: true, force: true });
      // electron-vite looks up the electron version only; the program itself is not needed to build.
      const electronVite = await import('electron-vite');
      await electronVite.build({ configFile: 'config/electron-vite.ts', logLevel: 'warn', ignoreConfigWarning: true });
    },
  },
  cli: {
    isStale: () => readText(STAMP) !== sourceStamp(),
    build: async () => {
      rmSync('out/cli', { recursive: true, force: true });
      const stamp = sourceStamp();
      const vite = await import('vite');
      await vite.build({ configFile: 'config/vite.cli.ts', logLevel: 'warn' });
      // Last: a bundle that is not whole is not run.
      writeFileSync(STAMP, stamp);
    },
  },
};

const words = process.argv.slice(2);
const named = words.filter((word) => !word.startsWith('--'));
const onlyStale = words.includes('--if-stale');
for (const name of named.length > 0 ? named : Object.keys(TARGETS)) {
  const target = TARGETS[name];
  if (!target) throw new Error(`There is nothing to build that is called ${name}.`);
  if (onlyStale && !target.isStale()) continue;
  process.stderr.write(`Building ${name}…\n`);
  await target.build();
}

/** @param result what the build writes last: its age is the age of the target */
function isOlder(result: string, sources: readonly string[]): boolean {
  const built = statSync(result, { throwIfNoEntry: false })?.mtimeMs;
  return built === undefined || sources.some((source) => newest(source) > built);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The latest change below a path, folders included, so that a removed file counts too. 0 when there is nothing. */
function newest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
