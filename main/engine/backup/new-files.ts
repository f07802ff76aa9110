import { grown } from '../format/tree-columns.ts';
import type { TreeText } from '../format/tree-text.ts';
import { giveBack } from '../give-back.ts';
import type { BlobId } from '../ids.ts';
import type { AttributeAsker, AttributesRead } from './attributes.ts';
import { bytesOf } from './byte-path.ts';
import type { Directory } from './directory.ts';
import { type Draft, type EntryStat, entryFromStat, UNREAD_ATTRIBUTES } from './entry.ts';
import type { EntrySettler } from './entry-settler.ts';
import { blobIdsOf, type FileAsker, type FileContent, type FileOutcome } from './file-queue.ts';
import { type Listing, nameAt, SIZE, STAT_FIELDS, statAt } from './listing.ts';
import type { NewFileText } from './new-file-text.ts';
import { StatRows } from './stat-rows.ts';
import { placeIn } from './visit.ts';
import type { WalkContext } from './walk-context.ts';

const ID_BYTES = 32;
/** What the text of an entry takes, about, beside its name. */
const TYPICAL_TEXT = 440;

export interface NewFilesMeans {
  readonly context: WalkContext;
  readonly settler: EntrySettler;
  readonly text: NewFileText;
}

/**
 * Files of one directory that no earlier snapshot has, in columns, while they are read: of a first backup they are nearly everything,
 * and objects for each would be a fifth of its work. Whatever turns out not to be plain (it has attributes, it changed
 * meanwhile, it cannot be read) becomes a node and is settled like any other entry.
 */
export class NewFiles implements FileAsker, AttributeAsker {
  readonly #directory: Directory;
  readonly #means: NewFilesMeans;
  /** In memory of its own. */
  readonly #listing: Listing;
  readonly #rows: StatRows;
  readonly #isHere: Uint8Array;
  /** Where the ids of each lie in `#ids`, and how many they are. */
  readonly #firstIds: Uint32Array;
  readonly #idCounts: Uint32Array;
  #ids: Uint8Array;
  #idCount = 0;
  /** Whose extended attributes could not be read; null while there are none. */
  #unread: Uint8Array | null = null;
  #count = 0;

  /** @param listing of the directory; it is copied */
  constructor(directory: Directory, listing: Listing, means: NewFilesMeans) {
    const { names, ends, stats, count } = listing;
    this.#directory = directory;
    this.#means = means;
    this.#listing = { ...listing, names: Buffer.from(names), ends: ends.slice(), stats: stats.slice() };
    this.#rows = new StatRows(this.#listing.stats);
    this.#isHere = new Uint8Array(count);
    this.#firstIds = new Uint32Array(count);
    this.#idCounts = new Uint32Array(count);
    this.#ids = new Uint8Array(count * ID_BYTES);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** About as many as their entries in a tree take. */
  get textBytes(): number {
    return this.#count * TYPICAL_TEXT + this.#listing.names.length;
  }

  has(position: number): boolean {
    return this.#isHere[position] === 1;
  }

  /** Takes in a file and has it read. */
  add(position: number): void {
    const { counts, files, attributes } = this.#means.context;
    const directory = this.#directory;
    const size = this.#sizeOf(position);
    this.#isHere[position] = 1;
    this.#count++;
    counts.filesFound++;
    counts.bytesFound += size;
    directory.waiting++;
    files.addListed(this, position, size, directory, this.#listing);
    if (attributes.state !== 'works') return this.#setAttributes(position, attributes.unasked);
    directory.waiting++;
    attributes.readListed(this, position, directory, this.#listing);
  }

  remove(position: number): void {
    if (this.#isHere[position] !== 1) return;
    this.#isHere[position] = 0;
    this.#count--;
  }

  /** See `FileAsker`. */
  fileDone(position: number, outcome: FileOutcome): void {
    const { context, settler } = this.#means;
    const size = this.#sizeOf(position);
    if (this.has(position) && outcome.kind === 'read' && !outcome.fresh && outcome.size === size) {
      this.#keepContent(position, outcome.content);
      context.counts.filesNew++;
      context.counts.bytesRead += size;
      context.counts.settled(size);
    } else this.#settleAsNode(position, outcome);
    settler.settled(this.#directory);
  }

  /** See `AttributeAsker`. */
  attributesRead(position: number, attributes: AttributesRead): void {
    this.#setAttributes(position, attributes);
    this.#means.settler.settled(this.#directory);
  }

  writeTo(text: TreeText, position: number): void {
    const first = this.#firstIds[position] as number;
    const count = this.#idCounts[position] as number;
    const error = this.#unread?.[position] ? UNREAD_ATTRIBUTES : null;
    this.#means.text.write(text, this.#listing, this.#rows, position, { ids: this.#ids, first, count, error });
  }

  /** Gives its memory back: nothing is asked of it any more. */
  giveBack(): void {
    const { names, ends, stats } = this.#listing;
    const own = [names, ends, stats, this.#isHere, this.#firstIds, this.#idCounts, this.#ids];
    for (const column of own) giveBack(column);
  }

  /** For all of them there are no objects, even where none could be read: those may be 300,000. */
  #setAttributes(position: number, attributes: AttributesRead): void {
    if (attributes === undefined || attributes.length === 0) return;
    if (attributes === 'unread') {
      this.#directory.print = null;
      if (this.has(position)) {
        this.#unread ??= new Uint8Array(this.#listing.count);
        this.#unread[position] = 1;
        return;
      }
    }
    const draft = this.#asNode(position);
    if (!draft) return;
    if (attributes === 'unread') draft.error = UNREAD_ATTRIBUTES;
    else draft.extendedAttributes = attributes;
  }

  #sizeOf(position: number): number {
    return this.#rows.number(position * STAT_FIELDS + SIZE);
  }

  #keepContent(position: number, { ids, first, count }: FileContent): void {
    this.#firstIds[position] = this.#idCount;
    this.#idCounts[position] = count;
    this.#makeRoomForIds(count);
    let to = this.#idCount * ID_BYTES;
    for (let at = first * ID_BYTES; at < (first + count) * ID_BYTES; at++) this.#ids[to++] = ids[at] as number;
    this.#idCount += count;
  }

  #makeRoomForIds(count: number): void {
    const needed = (this.#idCount + count) * ID_BYTES;
    if (needed <= this.#ids.length) return;
    this.#ids = grown(this.#ids, new Uint8Array(Math.max(this.#ids.length * 2, needed)));
  }

  #settleAsNode(position: number, outcome: FileOutcome): void {
    const draft = this.#asNode(position);
    if (!draft) return;
    const name = nameAt(this.#listing, position);
    const place = { position, name, ...placeIn(this.#directory, name), stat: null, before: null, isTarget: false };
    this.#means.settler.fileDone(this.#directory, draft, place, outcome);
  }

  /** The node of a file, which is in the directory's entries from now on. */
  #asNode(position: number): Draft | null {
    const { entries } = this.#directory;
    if (!this.has(position)) return entries.node(position);
    const name = bytesOf(nameAt(this.#listing, position));
    const stat = statAt(this.#listing, position) as EntryStat;
    const draft = entryFromStat(name, stat, this.#means.context.entries);
    draft.content = this.#contentOf(position);
    if (this.#unread?.[position]) draft.error = UNREAD_ATTRIBUTES;
    entries.set(position, draft);
    return draft;
  }

  #contentOf(position: number): readonly BlobId[] {
    const first = this.#firstIds[position] as number;
    return blobIdsOf({ ids: this.#ids, first, count: this.#idCounts[position] as number });
  }
}
