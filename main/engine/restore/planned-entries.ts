import type { Timestamp } from '../format/time.ts';
import type { Instant } from '../format/tree-columns.ts';
import type { BlobId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { type PathSegments, pathText } from '../walk/walk-tree.ts';
import { atimeOf, type EntryTable, mtimeOf } from './entry-table.ts';
import type { PlannedEntry, RestoreAction, RestoreNode } from './request.ts';

const SECOND = 1_000_000_000n;

/** The entries of a plan, as objects that are made when they are asked for and say what the table says. */
export class PlannedEntries implements Iterable<PlannedEntry> {
  readonly table: EntryTable;
  readonly #index: BlobIndex;

  /** @param index the one whose numbers stand for the content */
  constructor(table: EntryTable, index: BlobIndex) {
    this.table = table;
    this.#index = index;
  }

  get length(): number {
    return this.table.count;
  }

  *[Symbol.iterator](): Generator<PlannedEntry> {
    for (let number = 0; number < this.length; number++) yield this.at(number);
  }

  /** @param number of an entry, below `length` */
  at(number: number): PlannedEntry {
    return new EntryOfTable(this.table, this.#index, number);
  }

  find(isWanted: (entry: PlannedEntry) => boolean): PlannedEntry | undefined {
    for (const entry of this) if (isWanted(entry)) return entry;
    return undefined;
  }

  filter(isWanted: (entry: PlannedEntry) => boolean): PlannedEntry[] {
    return [...this].filter(isWanted);
  }

  map<Made>(make: (entry: PlannedEntry) => Made): Made[] {
    return Array.from(this, make);
  }
}

class EntryOfTable implements PlannedEntry {
  readonly #table: EntryTable;
  readonly #index: BlobIndex;
  readonly #number: number;

  constructor(table: EntryTable, index: BlobIndex, number: number) {
    this.#table = table;
    this.#index = index;
    this.#number = number;
  }

  get path(): PathSegments {
    const folder = this.#table.folderOf[this.#number] as number;
    return [...this.#table.folders.segmentsBelowTarget(folder), this.#table.nameInTarget(this.#number)];
  }

  get text(): string {
    const folder = this.#table.folderOf[this.#number] as number;
    return pathText([...this.#table.folders.segments(folder), this.#table.nameInSnapshot(this.#number)]);
  }

  get node(): RestoreNode {
    return new NodeOfTable(this.#table, this.#index, this.#number);
  }

  get action(): RestoreAction {
    return this.#table.action(this.#number);
  }

  get metadata(): 'yes' | 'no' {
    return this.#table.metadata(this.#number);
  }
}

class NodeOfTable implements RestoreNode {
  readonly #table: EntryTable;
  readonly #index: BlobIndex;
  readonly #number: number;

  constructor(table: EntryTable, index: BlobIndex, number: number) {
    this.#table = table;
    this.#index = index;
    this.#number = number;
  }

  get name(): Uint8Array {
    return this.#table.nameInSnapshot(this.#number);
  }

  get type(): RestoreNode['type'] {
    return this.#table.type(this.#number);
  }

  get mode(): number {
    return this.#table.modes[this.#number] as number;
  }

  get mtime(): Timestamp {
    return timestampOf(mtimeOf(this.#table, this.#number));
  }

  get atime(): Timestamp {
    return timestampOf(atimeOf(this.#table, this.#number));
  }

  get uid(): number {
    return this.#table.uids[this.#number] as number;
  }

  get gid(): number {
    return this.#table.gids[this.#number] as number;
  }

  get size(): number {
    return this.#table.sizes[this.#number] as number;
  }

  get inode(): bigint {
    return this.#table.rare(this.#number)?.inode ?? 0n;
  }

  get deviceId(): bigint {
    return this.#table.rare(this.#number)?.deviceId ?? 0n;
  }

  get links(): number {
    return this.#table.rare(this.#number)?.links ?? 1;
  }

  get linkTarget(): RestoreNode['linkTarget'] {
    return this.#table.rare(this.#number)?.linkTarget;
  }

  get extendedAttributes(): RestoreNode['extendedAttributes'] {
    return this.#table.rare(this.#number)?.extendedAttributes;
  }

  get device(): number | undefined {
    return this.#table.rare(this.#number)?.device;
  }

  get content(): readonly BlobId[] | null {
    if (!this.#table.isFile(this.#number)) return null;
    return Array.from(this.#table.contentOf(this.#number), (blob) => this.#index.blobAt(blob).id);
  }
}

function timestampOf({ seconds, nanos }: Instant): Timestamp {
  return { ns: BigInt(seconds) * SECOND + BigInt(nanos) };
}
