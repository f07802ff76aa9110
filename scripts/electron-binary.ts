import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Electron's program is, or why it cannot be used. */
export type ElectronBinary = { readonly path: string } | { readonly missing: string };

const PROGRAM: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
  linux: 'electron',
};

/**
 * Looks for Electron's program without loading the `electron` package: requiring it would start a download when the
 * program is not there.
 */
export function findElectronBinary(root: string, env: NodeJS.ProcessEnv = process.env): ElectronBinary {
  const program = PROGRAM[process.platform];
  if (!program) return { missing: `Electron has no program for ${process.platform}` };
  const override = env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const path = join(override, program);
    return existsSync(path) ? { path } : { missing: 'ELECTRON_OVERRIDE_DIST_PATH names a folder without Electron' };
  }
  const folder = join(root, 'node_modules', 'electron');
  const named = join(folder, 'path.txt');
  const path = join(folder, 'dist', existsSync(named) ? readFileSync(named, 'utf8').trim() : program);
  if (!existsSync(path) || !existsSync(join(folder, 'dist', 'version'))) {
    return { missing: "Electron's program is not downloaded (npx install-electron)" };
  }
  return { path };
}

/** Why no window can be opened here, or undefined when a display is there. */
export function missingDisplay(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (process.platform === 'darwin' || process.platform === 'win32') return undefined;
  if (env.DISPLAY || env.WAYLAND_DISPLAY) return undefined;
  return 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)';
}
