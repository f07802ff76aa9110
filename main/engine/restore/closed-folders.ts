import { chmodSync, type Stats } from 'node:fs';
import type { EntryTable } from './entry-table.ts';
import { ROOT } from './folder-table.ts';

const WRITE_AND_ENTER = 0o300;
const ENTER = 0o100;

/**
 * Folders of ours that are read-only and in which something is to be restored: open while we work, and given their modes
 * back. Root needs none of it.
 */
export class ClosedFolders {
  readonly #table: EntryTable;
  readonly #opened = new Map<number, { readonly path: Buffer; readonly mode: number }>();
  /** Numbers of those in which nobody could see what is there when the restore was planned. */
  readonly #unseen = new Set<number>();
  /** By number of the folder: 1 where something is written into it. */
  #receiving: Uint8Array | undefined;

  constructor(table: EntryTable) {
    this.#table = table;
  }

  /** `folder`: its number and that of its entry. `found`: what is at its path. */
  open(folder: { readonly number: number; readonly entry: number }, path: Buffer, found: Stats): void {
    const uid = process.getuid?.() ?? 0;
    if (uid === 0 || found.uid !== uid || (found.mode & WRITE_AND_ENTER) === WRITE_AND_ENTER) return;
    this.#receiving ??= this.#foldersWrittenInto();
    if (this.#receiving[folder.number] !== 1) return;
    const mode = found.mode & 0o7777;
    chmodSync(path, mode | WRITE_AND_ENTER);
    this.#opened.set(folder.entry, { path, mode });
    if ((mode & ENTER) === 0) this.#unseen.add(folder.number);
  }

  /** Whether the entry lies in a folder that could not be entered when the restore was planned, so that it seemed to be new. */
  wasUnseen(entry: number): boolean {
    const { folders, folderOf } = this.#table;
    if (this.#unseen.size === 0) return false;
    for (let folder = folderOf[entry] as number; folder !== ROOT; folder = folders.parents[folder] as number) {
      if (this.#unseen.has(folder)) return true;
    }
    return false;
  }

  /** The folder got its mode otherwise. */
  forget(entry: number): void {
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

  #foldersWrittenInto(): Uint8Array {
    const { count, folders, folderOf } = this.#table;
    const receiving = new Uint8Array(folders.count);
    for (let entry = 0; entry < count; entry++) {
      if (this.#table.isWritten(entry)) receiving[folderOf[entry] as number] = 1;
    }
    return receiving;
  }
}
