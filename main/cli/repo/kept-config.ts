import { createHash } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { stateFolder } from '../../app/home-folder.ts';
import { makeFolderDurably, syncFolder } from '../../engine/store/local-files.ts';

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
  const name = digest(location);
  const path = join(stateFolder(home), 'kept-configs', name);
  return {
    path,
    read: async () => (await readIfThere(path)) ?? (await readWholeNew(path)),
    write: async (sealed) => {
      await makeFolderDurably(dirname(path), 0o700);
      const fresh = newPath(path, sealed);
      const file = await open(fresh, 'w', 0o600);
      try {
        await file.writeFile(sealed);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, path);
      await syncFolder(dirname(path));
    },
    remove: async () => {
      for (const fresh of await newPaths(path)) await rm(fresh, { force: true });
      await rm(path, { force: true });
    },
  };
}

/** Where it lies until it has its final name. The digest tells, without any key, whether all of it has arrived. */
function newPath(path: string, sealed: Uint8Array): string {
  return `${path}.${digest(sealed)}.new`;
}

/** One whose renaming did not last, as on a file system that cannot force a folder to the disk. */
async function readWholeNew(path: string): Promise<Uint8Array | undefined> {
  for (const fresh of await newPaths(path)) {
    const sealed = await readIfThere(fresh);
    if (sealed && newPath(path, sealed) === fresh) return sealed;
  }
  return undefined;
}

async function newPaths(path: string): Promise<readonly string[]> {
  const names = (await ifThere(readdir(dirname(path)))) ?? [];
  const fresh = names.filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.new'));
  return fresh.map((name) => join(dirname(path), name));
}

const readIfThere = (path: string): Promise<Uint8Array | undefined> => ifThere(readFile(path));

function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
