import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** What SQLite says of a file that another process has locked. */
const BUSY = 5;

export interface SystemLock {
  release(): void;
}

/** Kept from the collector, which would close them. */
const held = new Set<DatabaseSync>();

/**
 * A lock that the system takes back when this process ends, however it ends, and that it shows to all processes, also to those of
 * another container, where our number means another process or none. Node can lock files only through SQLite.
 * `unknown`: there are no locks here.
 */
export function takeSystemLock(path: string, patienceMs: number): SystemLock | 'taken' | 'unknown' {
  let connection: DatabaseSync | undefined;
  try {
    createPrivate(path);
    connection = new DatabaseSync(path, { timeout: patienceMs });
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'); // nothing is ever written, so no second file
  } catch (error) {
    connection?.close();
    return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === BUSY
      ? 'taken'
      : 'unknown';
  }
  const taken = connection;
  held.add(taken);
  return {
    release: () => {
      if (held.delete(taken)) taken.close();
    },
  };
}

/**
 * SQLite would let others read it. Never opens one that is there: when a process closes any descriptor of a file, all locks that it
 * has on that are gone.
 */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== 'EEXIST') throw error;
  }
}
