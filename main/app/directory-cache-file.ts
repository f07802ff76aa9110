import { hash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of scans that nobody makes any more. */
const UNUSED_MS = 60 * 24 * 3_600_000;

/**
 * Where a full scan leaves what it found of each directory, for the next scan of the same paths to the same places. It only
 * saves time: what cannot be read or written is as if it were not there, and the engine believes nothing that is damaged.
 */
export class DirectoryCacheFile {
  readonly #folder: string;
  readonly #path: string;

  /** @param repositories their ids */
  constructor(folder: string, repositories: readonly string[], paths: readonly string[]) {
    this.#folder = folder;
    const name = hash('sha256', JSON.stringify([repositories.toSorted(), paths]), 'hex');
    this.#path = join(folder, `${name.slice(0, 32)}.directories`);
  }

  async read(): Promise<Uint8Array | undefined> {
    return readFile(this.#path).catch(() => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const temporary = `${this.#path}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      // It says when which directory was changed, if not which one it is.
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
