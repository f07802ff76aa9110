import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the app keeps its state: `--home`, else `TRIPLICATE_HOME`, else the system's place for app data. */
export function stateFolder(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = given ?? environment.TRIPLICATE_HOME;
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  if (process.platform === 'win32')
    return join(environment.APPDATA ?? join(ownHome(), 'AppData', 'Roaming'), 'Triplicate');
  if (process.platform === 'darwin') return join(ownHome(), 'Library', 'Application Support', 'Triplicate');
  return join(environment.XDG_DATA_HOME ?? join(ownHome(), '.local', 'share'), 'triplicate');
}

/** The user's own folder. One that is only a number to the system, as in a container, has the root, as login(1) does it. */
export function ownHome(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** The file of the catalog in it. */
export function catalogFile(folder: string): string {
  return join(folder, 'catalog.db');
}

/** Where full scans leave what the next ones need not compare; anybody may remove it at any moment. */
export function scansFolder(folder: string): string {
  return join(folder, 'scans');
}

/** Where files of remote places are kept that would be fetched again each time, sealed; anybody may remove it as well. */
export function remoteFilesFolder(folder: string): string {
  return join(folder, 'remote-files');
}

/** Where commands keep what only saves time: anybody may remove it at any moment. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (process.platform === 'win32')
    return join(environment.LOCALAPPDATA ?? join(ownHome(), 'AppData', 'Local'), 'Triplicate', 'cache');
  if (process.platform === 'darwin') return join(ownHome(), 'Library', 'Caches', 'Triplicate');
  return join(environment.XDG_CACHE_HOME || join(ownHome(), '.cache'), 'triplicate');
}
