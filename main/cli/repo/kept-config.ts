import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stateFolder } from '../../app/home-folder.ts';

/** The config of one repository, kept on this computer while it is replaced. Sealed as in the repository. */
export interface KeptConfig {
  readonly path: string;
  /** Undefined when none is kept. */
  read(): Promise<Uint8Array | undefined>;
  /** Durable when it returns. */
  write(sealed: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** `home`: as `--home`. The name of the file tells nothing of the location. */
export function keptConfig(location: string, home: string | undefined): KeptConfig {
  const name = createHash('sha256').update(location).digest('hex').slice(0, 32);
  const path = join(stateFolder(home), 'kept-configs', name);
  return {
    path,
    read: () =>
      readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    write: async (sealed) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(`${path}.new`, 'w', 0o600);
      try {
        await file.writeFile(sealed);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    },
    remove: () => rm(path, { force: true }),
  };
}
