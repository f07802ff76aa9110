import { join } from 'node:path';
import { app } from 'electron';

/** Where the shipped parts lie: in the checkout after a build, in the asar of a package. */
export function shippedPath(...parts: readonly string[]): string {
  return join(app.getAppPath(), ...parts);
}

/** The rclone that is shipped beside the app; in a checkout there is none and the PATH decides. */
export function shippedRclone(): string | undefined {
  if (!app.isPackaged) return undefined;
  return join(process.resourcesPath, 'rclone', process.platform === 'win32' ? 'rclone.exe' : 'rclone');
}

/** Chromium's own files (caches, cookies) lie in a corner of the app's state, so that one folder holds everything. */
export function chromiumFolder(home: string): string {
  return join(home, 'electron');
}
