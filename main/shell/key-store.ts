import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { safeStorage } from 'electron';

/**
 * The passphrase, sealed by the system's key store, in a file of the state folder. A cache only: key stores lose their
 * key (another desktop, a reinstalled system), so what cannot be opened reads as absent and the person enters it again.
 */
export interface KeyStore {
  /** `weak`: this system has no key store and the seal is a constant that any program knows. */
  protection(): Promise<'system' | 'weak'>;
  /** The passphrase, or null when none is kept or the seal cannot be opened. */
  load(): Promise<string | null>;
  save(passphrase: string): Promise<void>;
  clear(): Promise<void>;
}

export function createKeyStore(stateFolder: string): KeyStore {
  const file = join(stateFolder, 'passphrase.sealed');

  const save = async (passphrase: string): Promise<void> => {
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    await replaceFile(file, await safeStorage.encryptStringAsync(passphrase));
  };

  return {
    protection: async () => {
      if (!(await safeStorage.isAsyncEncryptionAvailable())) return 'weak';
      return process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text'
        ? 'weak'
        : 'system';
    },
    load: async () => {
      try {
        const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(await readFile(file));
        if (shouldReEncrypt) await save(result);
        return result;
      } catch {
        return null;
      }
    },
    save,
    clear: () => rm(file, { force: true }),
  };
}

/** Writes beside, makes durable, then switches: a crash leaves the old file or the new one. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}
