import { type EntryColumns, nameStart } from './entry-table.ts';
import { temporaryFolderPath, temporaryName } from './temporary-names.ts';

const SLASH = 0x2f;

/** Paths of entries, made from columns, by the main thread and by workers alike. Those of one folder are asked for together. */
export class EntryPaths {
  readonly #root: Buffer;
  readonly #columns: EntryColumns;
  #folder = -1;
  /** Path of `#folder`, with a slash at its end. */
  #folderPath = Buffer.alloc(0);
  #staged = -1;
  /** Where `#staged` stands, with a slash at its end. */
  #stagedPath = Buffer.alloc(0);

  /** @param root path of the target without a slash at its end: nothing for `/` */
  constructor(root: Buffer, columns: EntryColumns) {
    this.#root = root;
    this.#columns = columns;
  }

  /** How many bytes the path has. */
  lengthOf(entry: number): number {
    const { folders, folderOf, nameEnds } = this.#columns;
    const name = (nameEnds[entry] as number) - nameStart(this.#columns, entry);
    return this.#root.length + (folders.pathBytes[folderOf[entry] as number] as number) + 1 + name;
  }

  of(entry: number): Buffer {
    return this.#joined(this.#pathOfFolder(this.#columns.folderOf[entry] as number), entry);
  }

  /** Where a file stands until it has its path: under a temporary name, or under its own in a folder that has one. */
  temporaryOf(entry: number, mark: string): Buffer {
    const { folders, folderOf } = this.#columns;
    const number = folderOf[entry] as number;
    if (folders.staged[number] === 1) return this.#joined(this.#pathOfStaged(number, mark), entry);
    const folder = this.#pathOfFolder(number);
    const name = temporaryName(mark, entry);
    const path = Buffer.allocUnsafe(folder.length + name.length);
    path.set(folder);
    path.write(name, folder.length, 'latin1');
    return path;
  }

  #joined(folder: Buffer, entry: number): Buffer {
    const { names, nameEnds } = this.#columns;
    const start = nameStart(this.#columns, entry);
    const end = nameEnds[entry] as number;
    const path = Buffer.allocUnsafe(folder.length + end - start);
    path.set(folder);
    for (let at = folder.length, from = start; from < end; at++, from++) path[at] = names[from] as number;
    return path;
  }

  #pathOfStaged(folder: number, mark: string): Buffer {
    if (folder === this.#staged) return this.#stagedPath;
    const path = this.#pathOfFolder(folder);
    const staged = temporaryFolderPath(path.subarray(0, -1), mark, folder);
    this.#staged = folder;
    this.#stagedPath = Buffer.concat([staged, Buffer.of(SLASH)]);
    return this.#stagedPath;
  }

  #pathOfFolder(folder: number): Buffer {
    const { folders } = this.#columns;
    if (folder === this.#folder) return this.#folderPath;
    let end = this.#root.length + (folders.pathBytes[folder] as number);
    const path = Buffer.alloc(end + 1, SLASH);
    // From the last name to the first; a folder at or above the target has no path below it.
    for (let at = folder; folders.pathBytes[at] !== 0; at = folders.parents[at] as number) {
      const start = folders.nameEnds[at - 1] as number;
      const length = (folders.nameEnds[at] as number) - start;
      end -= length;
      path.set(folders.names.subarray(start, start + length), end);
      end--;
    }
    path.set(this.#root);
    this.#folder = folder;
    this.#folderPath = path;
    return path;
  }
}
