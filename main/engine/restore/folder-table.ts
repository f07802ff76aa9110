import { grown } from '../format/tree-columns.ts';

/** The number of the snapshot's root. */
export const ROOT = 0;
/** In `entries`: the folder itself is not restored, it only lies on the way. */
export const NO_ENTRY = 0xffff_ffff;

/** What paths in the target are made from. A folder at or above the target has no bytes of a path. */
export interface FolderColumns {
  readonly parents: Uint32Array;
  readonly names: Uint8Array;
  /** Where in `names` the name of each folder ends; it begins where the one before ends. */
  readonly nameEnds: Uint32Array;
  /** Length of the path from the target to the folder, with a slash before each name. */
  readonly pathBytes: Uint32Array;
  /** 1 while the folder stands under a temporary name (`StagedFolders`); shorter than the others as long as none does. */
  readonly staged: Uint8Array;
}

/** The folders that a restore goes through, shared by all that is in them; those above come first. */
export class FolderTable implements FolderColumns {
  /** How many of the folders on a way lie above the target. */
  readonly #above: number;
  #count = 1;
  parents: Uint32Array = new Uint32Array(16);
  names: Uint8Array = new Uint8Array(256);
  nameEnds: Uint32Array = new Uint32Array(16);
  pathBytes: Uint32Array = new Uint32Array(16);
  staged: Uint8Array = new Uint8Array(0);
  /** Entry number of each folder. */
  entries = new Uint32Array(16).fill(NO_ENTRY);

  constructor(above: number) {
    this.#above = above;
  }

  get count(): number {
    return this.#count;
  }

  /** @param level how many names lead to it from the snapshot's root */
  add(parent: number, level: number, name: Uint8Array): number {
    if (this.#count === this.parents.length) this.#growRows();
    const start = this.nameEnds[this.#count - 1] as number;
    const end = start + name.length;
    while (end > this.names.length) this.names = grown(this.names, new Uint8Array(this.names.length * 2));
    this.names.set(name, start);
    const folder = this.#count++;
    this.parents[folder] = parent;
    this.nameEnds[folder] = end;
    this.pathBytes[folder] = level <= this.#above ? 0 : (this.pathBytes[parent] as number) + 1 + name.length;
    this.entries[folder] = NO_ENTRY;
    return folder;
  }

  /** Names from the snapshot's root down. */
  segments(folder: number): Uint8Array[] {
    return this.#up(folder, (at) => at !== ROOT);
  }

  /** Names from the target down. */
  segmentsBelowTarget(folder: number): Uint8Array[] {
    return this.#up(folder, (at) => this.pathBytes[at] !== 0);
  }

  #up(folder: number, isOnWay: (folder: number) => boolean): Uint8Array[] {
    const names: Uint8Array[] = [];
    for (let at = folder; isOnWay(at); at = this.parents[at] as number) {
      names.push(this.names.slice(this.nameEnds[at - 1], this.nameEnds[at]));
    }
    return names.reverse();
  }

  #growRows(): void {
    const rows = this.#count * 2;
    this.parents = grown(this.parents, new Uint32Array(rows));
    this.nameEnds = grown(this.nameEnds, new Uint32Array(rows));
    this.pathBytes = grown(this.pathBytes, new Uint32Array(rows));
    this.entries = grown(this.entries, new Uint32Array(rows));
  }
}
