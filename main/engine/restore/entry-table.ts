import type { NodeType } from '../format/tree.ts';
import {
  DIR,
  FILE,
  grown,
  type Instant,
  NODE_TYPES,
  type RareFields,
  type TreeColumns,
} from '../format/tree-columns.ts';
import { type FolderColumns, FolderTable, NO_ENTRY } from './folder-table.ts';
import type { RestoreAction } from './request.ts';

const ACTIONS: readonly RestoreAction[] = ['new', 'replaced', 'beside', 'kept', 'unchanged'];
const REPLACED = ACTIONS.indexOf('replaced');
/** Actions up to this one write something. */
const LAST_WRITTEN = ACTIONS.indexOf('beside');
/** In `flags`, beside the number of the action: nothing but what is in it would be set. */
const ONLY_PASSED = 8;
const HAS_ATTRIBUTES = 16;
/** Only passed because it is as it should be: no longer so when something is made in it. */
const IS_SAME = 32;
const IN_ACTION = 7;

/** What a worker needs to write a file: a row for each entry. */
export interface EntryColumns {
  readonly folders: FolderColumns;
  /** The number of the folder that each entry is in. */
  readonly folderOf: Uint32Array;
  /** Names in the target. */
  readonly names: Uint8Array;
  /** Where in `names` each name ends; it begins where the one before ends. */
  readonly nameEnds: Uint32Array;
  readonly flags: Uint8Array;
  /** Go FileMode, see `format/mode.ts`. */
  readonly modes: Uint32Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  readonly mtimeSeconds: Float64Array;
  readonly mtimeNanos: Uint32Array;
  /** Absent when all are the mtimes. */
  readonly atimeSeconds: Float64Array | undefined;
  readonly atimeNanos: Uint32Array | undefined;
}

/**
 * What a restore takes in, in columns: some 60 bytes an entry beside its name, where objects took six times that. A folder comes
 * before what is in it; the entries of one folder mostly stand together.
 */
export class EntryTable implements EntryColumns {
  readonly folders: FolderTable;
  folderOf: Uint32Array = new Uint32Array(64);
  names: Uint8Array = new Uint8Array(2048);
  nameEnds: Uint32Array = new Uint32Array(64);
  flags: Uint8Array = new Uint8Array(64);
  modes: Uint32Array = new Uint32Array(64);
  uids: Uint32Array = new Uint32Array(64);
  gids: Uint32Array = new Uint32Array(64);
  mtimeSeconds: Float64Array = new Float64Array(64);
  mtimeNanos: Uint32Array = new Uint32Array(64);
  atimeSeconds: Float64Array | undefined;
  atimeNanos: Uint32Array | undefined;
  /** Numbers in `NODE_TYPES`. */
  types = new Uint8Array(64);
  sizes = new Float64Array(64);
  /** Content of files: blobs by their numbers in the index. */
  content = new Uint32Array(64);
  contentEnds = new Uint32Array(64);
  readonly #rare = new Map<number, RareFields>();
  /** Names in the snapshot of what gets another name. */
  readonly #otherNames = new Map<number, Uint8Array>();
  #count = 0;
  #contentCount = 0;

  /** @param above how many of the folders on a way lie above the target */
  constructor(above: number) {
    this.folders = new FolderTable(above);
  }

  get count(): number {
    return this.#count;
  }

  /** A blob of the file that is appended next. */
  addContent(blob: number): void {
    if (this.#contentCount === this.content.length)
      this.content = grown(this.content, new Uint32Array(this.#contentCount * 2));
    this.content[this.#contentCount++] = blob;
  }

  /** The blobs of the file that would be appended next. */
  get nextContent(): Uint32Array {
    return this.content.subarray(this.contentStart(this.#count), this.#contentCount);
  }

  /** Forgets the blobs of the file that would have been appended next. */
  dropContent(): void {
    this.#contentCount = this.contentStart(this.#count);
  }

  /** Takes in a row of a directory, as something new. Gives its number. */
  append(folder: number, columns: TreeColumns, row: number): number {
    const entry = this.#count;
    if (entry === this.flags.length) this.#growRows();
    this.folderOf[entry] = folder;
    this.types[entry] = columns.types[row] as number;
    this.modes[entry] = columns.modes[row] as number;
    this.uids[entry] = columns.uids[row] as number;
    this.gids[entry] = columns.gids[row] as number;
    this.sizes[entry] = columns.sizes[row] as number;
    this.mtimeSeconds[entry] = columns.mtimeSeconds[row] as number;
    this.mtimeNanos[entry] = columns.mtimeNanos[row] as number;
    this.flags[entry] = 0;
    this.contentEnds[entry] = this.#contentCount;
    this.#setName(entry, columns.names, columns.nameStarts[row] as number, columns.nameEnds[row] as number);
    const rare = columns.rare.size > 0 ? columns.rare.get(row) : undefined;
    if (rare) this.#takeRare(entry, rare);
    if (this.atimeSeconds && this.atimeNanos && !rare?.atime) {
      this.atimeSeconds[entry] = this.mtimeSeconds[entry] as number;
      this.atimeNanos[entry] = this.mtimeNanos[entry] as number;
    }
    this.#count++;
    return entry;
  }

  /** Takes the entry that was appended last out again. */
  dropLast(): void {
    this.#rare.delete(--this.#count);
    this.dropContent();
  }

  /** Of the entry that was appended last. */
  renameLast(name: Uint8Array): void {
    const entry = this.#count - 1;
    if (!this.#otherNames.has(entry)) this.#otherNames.set(entry, this.nameInTarget(entry));
    this.#setName(entry, name, 0, name.length);
  }

  /** @param metadata whether it is to be set; `same`: it is what it should be, so only if something is made in a folder */
  setAction(entry: number, action: RestoreAction, metadata: 'yes' | 'no' | 'same'): void {
    const passed = metadata === 'yes' ? 0 : ONLY_PASSED | (metadata === 'same' ? IS_SAME : 0);
    this.flags[entry] = ((this.flags[entry] as number) & HAS_ATTRIBUTES) | ACTIONS.indexOf(action) | passed;
  }

  /** Something is made in the folder, which changes its time. */
  changeFolder(folder: number): void {
    const entry = this.folders.entries[folder] as number;
    if (entry === NO_ENTRY || ((this.flags[entry] as number) & IS_SAME) === 0) return;
    this.flags[entry] = (this.flags[entry] as number) & ~(ONLY_PASSED | IS_SAME);
  }

  action(entry: number): RestoreAction {
    return ACTIONS[(this.flags[entry] as number) & IN_ACTION] as RestoreAction;
  }

  metadata(entry: number): 'yes' | 'no' {
    return ((this.flags[entry] as number) & ONLY_PASSED) === 0 ? 'yes' : 'no';
  }

  isWritten(entry: number): boolean {
    return ((this.flags[entry] as number) & IN_ACTION) <= LAST_WRITTEN;
  }

  isFile(entry: number): boolean {
    return this.types[entry] === FILE;
  }

  isDirectory(entry: number): boolean {
    return this.types[entry] === DIR;
  }

  type(entry: number): NodeType {
    return NODE_TYPES[this.types[entry] as number] as NodeType;
  }

  /** What the entry has that few have. */
  rare(entry: number): RareFields | undefined {
    return this.#rare.get(entry);
  }

  contentStart(entry: number): number {
    return entry === 0 ? 0 : (this.contentEnds[entry - 1] as number);
  }

  /** Blobs of the file, by their numbers in the index. */
  contentOf(entry: number): Uint32Array {
    return this.content.subarray(this.contentStart(entry), this.contentEnds[entry]);
  }

  contentCount(entry: number): number {
    return (this.contentEnds[entry] as number) - this.contentStart(entry);
  }

  nameInTarget(entry: number): Uint8Array {
    return this.names.slice(nameStart(this, entry), this.nameEnds[entry]);
  }

  nameInSnapshot(entry: number): Uint8Array {
    return this.#otherNames.get(entry) ?? this.nameInTarget(entry);
  }

  #setName(entry: number, bytes: Uint8Array, from: number, to: number): void {
    const start = nameStart(this, entry);
    const end = start + to - from;
    while (end > this.names.length) this.names = grown(this.names, new Uint8Array(this.names.length * 2));
    for (let at = start, byte = from; byte < to; at++, byte++) this.names[at] = bytes[byte] as number;
    this.nameEnds[entry] = end;
  }

  #takeRare(entry: number, rare: RareFields): void {
    const { atime, links, linkTarget, extendedAttributes = [], device } = rare;
    if (extendedAttributes.length > 0) this.flags[entry] = HAS_ATTRIBUTES;
    if (links > 1 || linkTarget || extendedAttributes.length > 0 || device) this.#rare.set(entry, rare);
    if (!atime) return;
    if (!this.atimeSeconds || !this.atimeNanos) {
      this.atimeSeconds = this.mtimeSeconds.slice();
      this.atimeNanos = this.mtimeNanos.slice();
    }
    this.atimeSeconds[entry] = atime.seconds;
    this.atimeNanos[entry] = atime.nanos;
  }

  #growRows(): void {
    const rows = this.#count * 2;
    this.folderOf = grown(this.folderOf, new Uint32Array(rows));
    this.nameEnds = grown(this.nameEnds, new Uint32Array(rows));
    this.flags = grown(this.flags, new Uint8Array(rows));
    this.modes = grown(this.modes, new Uint32Array(rows));
    this.uids = grown(this.uids, new Uint32Array(rows));
    this.gids = grown(this.gids, new Uint32Array(rows));
    this.mtimeSeconds = grown(this.mtimeSeconds, new Float64Array(rows));
    this.mtimeNanos = grown(this.mtimeNanos, new Uint32Array(rows));
    if (this.atimeSeconds) this.atimeSeconds = grown(this.atimeSeconds, new Float64Array(rows));
    if (this.atimeNanos) this.atimeNanos = grown(this.atimeNanos, new Uint32Array(rows));
    this.types = grown(this.types, new Uint8Array(rows));
    this.sizes = grown(this.sizes, new Float64Array(rows));
    this.contentEnds = grown(this.contentEnds, new Uint32Array(rows));
  }
}

export function nameStart({ nameEnds }: Pick<EntryColumns, 'nameEnds'>, row: number): number {
  return row === 0 ? 0 : (nameEnds[row - 1] as number);
}

/** Whether what is there may be replaced; else nothing may be there. */
export function mayReplace({ flags }: EntryColumns, entry: number): boolean {
  return ((flags[entry] as number) & IN_ACTION) === REPLACED;
}

/** Whether it has extended attributes, which can only be set on a file that is writable. */
export function hasAttributes({ flags }: EntryColumns, entry: number): boolean {
  return ((flags[entry] as number) & HAS_ATTRIBUTES) !== 0;
}

export function mtimeOf({ mtimeSeconds, mtimeNanos }: EntryColumns, entry: number): Instant {
  return { seconds: mtimeSeconds[entry] as number, nanos: mtimeNanos[entry] as number };
}

export function atimeOf(columns: EntryColumns, entry: number): Instant {
  const { atimeSeconds, atimeNanos } = columns;
  if (!atimeSeconds || !atimeNanos) return mtimeOf(columns, entry);
  return { seconds: atimeSeconds[entry] as number, nanos: atimeNanos[entry] as number };
}

/** Whether its folder stands under a temporary name now. */
export function isStaged({ folders, folderOf }: EntryColumns, entry: number): boolean {
  return folders.staged[folderOf[entry] as number] === 1;
}

/**
 * Whether it comes right into the target's own folder. Only there can a new thing come to lie in an empty mount point: all
 * other folders of the target are missing in it.
 */
export function liesInTarget({ folders, folderOf }: EntryColumns, entry: number): boolean {
  return folders.pathBytes[folderOf[entry] as number] === 0;
}
