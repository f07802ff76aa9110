import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './file-errors.ts';

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never comes back where the system says
 * "not there" for a name in a folder that is there, as Linux does below `/proc`.
 * @throws the system's error
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const above = dirname(path);
    if (code !== 'ENOENT' || statSync(above, { throwIfNoEntry: false })) throw error;
    makeFolder(above, mode);
    makeFolder(path, mode);
  }
}
