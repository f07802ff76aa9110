import { hash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of what nobody asks for any more. */
const UNUSED_MS = 60 * 24 * 3_600_000;

/**
 * A file that only saves time: what cannot be read or written is as if it were not there. Whoever reads it has to see for
 * himself whether it is whole and still true.
 */
export class CacheFile {
  readonly #folder: string;
  readonly #path: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#path = join(folder, name);
  }

  /** What a full scan found of each directory, for the next scan of these paths to these places. */
  static ofDirectories(folder: string, locations: readonly string[], paths: readonly string[]): CacheFile {
    const name = hash('sha256', JSON.stringify([locations.toSorted(), paths]), 'hex');
    return new CacheFile(folder, `${name.slice(0, 32)}.directories`);
  }

  /** The index of a repository. */
  static ofIndex(folder: string, repositoryId: string): CacheFile {
    return new CacheFile(folder, `${hash('sha256', repositoryId, 'hex').slice(0, 32)}.index`);
  }

  get exists(): boolean {
    return existsSync(this.#path);
  }

  async read(): Promise<Uint8Array | undefined> {
    return readFile(this.#path).catch(() => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const temporary = `${this.#path}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      // Sealed, but its size and its time are nobody else's business either.
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, this.#path);
      await this.#removeUnused();
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async #removeUnused(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs > UNUSED_MS) await rm(path, { force: true });
    }
  }
}
