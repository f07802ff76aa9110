import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TriplicateError } from '../engine/errors.ts';
import type { KeyStore } from './ports.ts';
import { writeDurably } from './state-file.ts';

/**
 * The passphrase where there is no key store of the system: the environment (`TRIPLICATE_PASSPHRASE`), a credential file
 * of systemd (`$CREDENTIALS_DIRECTORY/triplicate-passphrase`), else a file in the state folder that only this user reads.
 */
export function createFileKeyStore(stateFolder: string, environment: NodeJS.ProcessEnv = process.env): KeyStore {
  const file = join(stateFolder, 'passphrase');
  return {
    protection: async () => ((await isPrivate(file)) ? 'file' : 'weak'),
    load: async () => (await readIfThere(file)) ?? null,
    given: async () => {
      if (environment.TRIPLICATE_PASSPHRASE) return environment.TRIPLICATE_PASSPHRASE;
      const credentials = environment.CREDENTIALS_DIRECTORY;
      const given =
        credentials === undefined ? undefined : await readIfThere(join(credentials, 'triplicate-passphrase'));
      return given?.replace(/\r?\n$/, '') ?? null;
    },
    save: (passphrase) => writeDurably(file, passphrase),
    clear: () => rm(file, { force: true }),
  };
}

/** True when no one else can read the file, or there is none yet. */
async function isPrivate(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined || process.platform === 'win32' || (found.mode & 0o077) === 0;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new TriplicateError('config/invalid', 'The file that keeps the passphrase cannot be read.', {
      cause: error,
      data: { path },
    });
  }
}
