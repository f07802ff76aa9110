import { chmodSync, type Stats } from 'node:fs';
import { isWritten } from './plan.ts';
import type { PlannedEntry } from './request.ts';

const WRITE_AND_ENTER = 0o300;

/**
 * Folders of ours that are read-only and in which something is to be restored: open while we work, and given their modes
 * back. Root needs none of it.
 */
export class ClosedFolders {
  readonly #entries: readonly PlannedEntry[];
  readonly #opened = new Map<PlannedEntry, { readonly path: Buffer; readonly mode: number }>();
  #parents: ReadonlySet<string> | undefined;

  constructor(entries: readonly PlannedEntry[]) {
    this.#entries = entries;
  }

  /** `found`: what is at the path of the folder `entry`. */
  open(entry: PlannedEntry, path: Buffer, found: Stats): void {
    const uid = process.getuid?.() ?? 0;
    if (uid === 0 || found.uid !== uid || (found.mode & WRITE_AND_ENTER) === WRITE_AND_ENTER) return;
    this.#parents ??= new Set(this.#entries.filter(({ action }) => isWritten(action)).map(parentKey));
    if (!this.#parents.has(keyOf(entry.path))) return;
    const mode = found.mode & 0o7777;
    chmodSync(path, mode | WRITE_AND_ENTER);
    this.#opened.set(entry, { path, mode });
  }

  /** The folder got its mode otherwise. */
  forget(entry: PlannedEntry): void {
    this.#opened.delete(entry);
  }

  /** Gives all that are still open the modes that they had, those deepest first. */
  close(): void {
    for (const { path, mode } of [...this.#opened.values()].reverse()) {
      try {
        chmodSync(path, mode);
      } catch {
        // It was taken away meanwhile.
      }
    }
    this.#opened.clear();
  }
}

function parentKey({ path }: PlannedEntry): string {
  return keyOf(path.slice(0, -1));
}

function keyOf(path: PlannedEntry['path']): string {
  return path.map((name) => Buffer.from(name).toString('latin1')).join('/');
}
