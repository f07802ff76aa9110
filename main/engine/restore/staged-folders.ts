import { lstatSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import type { BlobIndex } from '../repository/blob-index.ts';
import { contentLength, type MeasuredLengths } from './content.ts';
import { type ContentUses, isToWrite } from './content-uses.ts';
import type { EntryTable } from './entry-table.ts';
import { NO_ENTRY } from './folder-table.ts';
import type { LinkPlan } from './hard-links.ts';
import type { TargetPaths } from './target-paths.ts';
import { temporaryFolderPath } from './temporary-names.ts';
import { giveName } from './write-file.ts';

/** With fewer files, making a folder under one name and giving it another costs what it saves. */
const FEWEST_FILES = 4;
/**
 * A folder waits for its name while at most so much is restored from its first content to its last: this much may be lost
 * when the restore is killed.
 */
const MOST_BYTES = 64 * 1024 * 1024;

/** No more files: content does not tell how much is lost of empty ones, and all are noted as restored at once. */
const MOST_FILES = 16_384;

/** An entry could not get its name. */
export type NameFailed = (entry: number, error: unknown) => void;

/**
 * New folders that are filled under a temporary name and get their own when every file in them is whole: one rename instead of one a
 * file, which was a sixth of the work on many small files. They have no folders in them, and their content lies together.
 */
export class StagedFolders {
  readonly #table: EntryTable;
  readonly #links: LinkPlan;
  readonly #paths: TargetPaths;
  readonly #mark: string;
  /** How many files of each folder are not settled yet; 0 where the files get their names themselves. */
  readonly #left: Uint32Array;
  /** The entries of each folder are among those from here… */
  readonly #first: Uint32Array;
  /** …up to and with this one. */
  readonly #last: Uint32Array;

  constructor(table: EntryTable, links: LinkPlan, paths: TargetPaths, mark: string) {
    this.#table = table;
    this.#links = links;
    this.#paths = paths;
    this.#mark = mark;
    this.#left = new Uint32Array(table.folders.count);
    this.#first = new Uint32Array(table.folders.count);
    this.#last = new Uint32Array(table.folders.count);
  }

  /** Decides which folders it will be. Until then it is none. */
  choose(uses: ContentUses, index: BlobIndex, measured: MeasuredLengths): void {
    // Windows renames no folder in which anything is open, and its virus scanners open what is new.
    if (process.platform === 'win32') return;
    const { folders } = this.#table;
    this.#countFiles();
    const isClose = contentLiesTogether(uses, this.#table, index, measured);
    for (let folder = 1; folder < folders.count; folder++) this.#left[folders.parents[folder] as number] = 0;
    for (let folder = 0; folder < folders.count; folder++) {
      const files = this.#left[folder] as number;
      const isChosen = isClose[folder] === 1 && files >= FEWEST_FILES && files <= MOST_FILES && this.#isNew(folder);
      if (!isChosen) this.#left[folder] = 0;
    }
  }

  /** Makes the folder under its temporary name, when it is one of these. @throws what the system says */
  make(folder: number, path: Buffer): 'made' | 'not staged' {
    if ((this.#left[folder] as number) === 0) return 'not staged';
    if (lstatSync(path, { throwIfNoEntry: false })) {
      this.#left[folder] = 0;
      return 'not staged';
    }
    mkdirSync(temporaryFolderPath(path, this.#mark, folder), 0o700);
    this.#table.folders.staged[folder] = 1;
    return 'made';
  }

  /** A file is whole or has failed. Gives its folder when that is ready for its name now. */
  settle(entry: number): number | undefined {
    const folder = this.#table.folderOf[entry] as number;
    const left = this.#left[folder] as number;
    if (left === 0) return undefined;
    this.#left[folder] = left - 1;
    return left === 1 && this.#table.folders.staged[folder] === 1 ? folder : undefined;
  }

  /** The files that the folder was made for. */
  *filesIn(folder: number): Generator<number> {
    for (let entry = this.#first[folder] as number; entry <= (this.#last[folder] as number); entry++) {
      if (this.#table.folderOf[entry] === folder && isToWrite(this.#table, this.#links, entry)) yield entry;
    }
  }

  /** Those that have not their names yet. */
  *unnamed(): Generator<number> {
    const { staged } = this.#table.folders;
    for (let folder = 0; folder < staged.length; folder++) if (staged[folder] === 1) yield folder;
  }

  /**
   * Gives a folder its name. Where it cannot have it, as something has appeared under that, or as the file system renames no
   * such folder, what is there is kept and the files go into it one by one.
   * @param files those that are whole
   * @param content `half files`: of others something is left in it, which must not come under its name
   * @param failed is told of files, and of the folder where there is none of its name
   */
  giveName(folder: number, files: Iterable<number>, content: 'whole files' | 'half files', failed: NameFailed): void {
    const entry = this.#table.folders.entries[folder] as number;
    const path = this.#paths.of(entry);
    const place = temporaryFolderPath(path, this.#mark, folder);
    if (content === 'half files' || !tryToRename(place, path)) {
      const error = whyNoFolder(place, path);
      if (error) failed(entry, error);
      for (const file of files)
        if (error) failed(file, error);
        else this.#moveOut(file, failed);
      removeFolderQuietly(place);
    }
    this.#table.folders.staged[folder] = 0;
  }

  #moveOut(file: number, failed: NameFailed): void {
    try {
      giveName(this.#paths.temporaryOf(file, this.#mark), { path: this.#paths.of(file), existing: 'none' });
    } catch (error) {
      failed(file, error);
    }
  }

  /** Into `#left`, with where they stand; folders with paths that are not simply made of names get none. */
  #countFiles(): void {
    const { count, folderOf } = this.#table;
    const long = new Set<number>();
    for (let entry = 0; entry < count; entry++) {
      const folder = folderOf[entry] as number;
      if (this.#paths.isLong(entry)) long.add(folder);
      if (!isToWrite(this.#table, this.#links, entry)) continue;
      if (this.#left[folder] === 0) this.#first[folder] = entry;
      this.#last[folder] = entry;
      this.#left[folder] = (this.#left[folder] as number) + 1;
    }
    for (const folder of long) this.#left[folder] = 0;
  }

  /** Whether the restore makes it, below the target. */
  #isNew(folder: number): boolean {
    const entry = this.#table.folders.entries[folder] as number;
    const isBelow = this.#table.folders.pathBytes[folder] !== 0;
    return isBelow && entry !== NO_ENTRY && this.#table.action(entry) === 'new' && !this.#paths.isLong(entry);
  }
}

/** By number of the folder: 1 where little is restored between the first content of its files and the last. */
function contentLiesTogether(
  { entries, order, blobs }: ContentUses,
  { folders, folderOf }: EntryTable,
  index: BlobIndex,
  measured: MeasuredLengths,
): Uint8Array {
  const isClose = new Uint8Array(folders.count).fill(1);
  const first = new Float64Array(folders.count).fill(-1);
  let restored = 0;
  for (let next = 0; next < order.length; next++) {
    const folder = folderOf[entries[order[next] as number] as number] as number;
    if (first[folder] === -1) first[folder] = restored;
    restored += contentLength(index, blobs[next] as number, measured);
    if (restored - (first[folder] as number) > MOST_BYTES) isClose[folder] = 0;
  }
  return isClose;
}

/** Renames a folder, unless something has that name or the system refuses. Gives whether it did. */
function tryToRename(place: Buffer, path: Buffer): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })) return false;
    renameSync(place, path);
    return true;
  } catch {
    return false;
  }
}

/** Makes a folder for what is in the other one, unless it is there. Gives why there is none. */
function whyNoFolder(place: Buffer, path: Buffer): unknown {
  try {
    // Nothing is made in the empty mount point of a disk that is gone.
    lstatSync(place);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) mkdirSync(path, 0o700);
    // Never through a link, whoever put it there.
    else if (!found.isDirectory()) throw Object.assign(new Error('It is not a folder.'), { code: 'EEXIST' });
    return undefined;
  } catch (error) {
    return error;
  }
}

function removeFolderQuietly(path: Buffer): void {
  try {
    rmdirSync(path);
  } catch {
    // Something is left in it: the next restore takes it away.
  }
}
