import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriplicateError } from '../engine/errors.ts';
import { whyNotWritten } from '../engine/store/file-errors.ts';
import { removeTree } from './remove-tree.ts';

/**
 * Folders for trial restores: plaintext of protected files, for the user alone. They have the name of the app's state in theirs, which
 * one process at a time holds, so that the next one knows what a killed one has left.
 */
export class DrillFolders {
  readonly #prefix: string;
  readonly #swept: Promise<void>;

  constructor(stateFolder: string) {
    const state = createHash('sha256').update(stateFolder).digest('hex').slice(0, 12);
    this.#prefix = `triplicate-drill-${state}-`;
    this.#swept = this.#removeLeft();
  }

  /** @throws `restore/target-invalid` */
  async make(): Promise<string> {
    // What is made from now on is no longer left over.
    await this.#swept;
    try {
      return await mkdtemp(join(tmpdir(), this.#prefix));
    } catch (cause) {
      throw new TriplicateError(
        'restore/target-invalid',
        `Nothing can be restored to ${tmpdir()} for a trial: ${whyNotWritten(cause)}`,
        { cause, hint: 'Make room there and let this user write to it, or start Triplicate with another TMPDIR.' },
      );
    }
  }

  /** Never throws: what stays is tried again at the next start. */
  async #removeLeft(): Promise<void> {
    const names = await readdir(tmpdir()).catch(() => []);
    for (const name of names.filter((one) => one.startsWith(this.#prefix))) {
      const path = join(tmpdir(), name);
      if (await isOurs(path)) await removeTree(path).catch(() => undefined);
    }
  }
}

/** Others may write beside it: what is not ours alone is left alone. */
async function isOurs(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined);
  if (!stat?.isDirectory()) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o077) === 0);
}
