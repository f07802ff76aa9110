import { constants } from 'node:fs';
import type { Directory } from './directory.ts';
import { DirectoryEntries } from './directory-entries.ts';
import { EarlierEntries } from './earlier-entries.ts';
import type { EntrySettler } from './entry-settler.ts';
import { KeptEntries } from './kept-entries.ts';
import { type Listing, MODE, nameAt, nameStart, SIZE, STAT_FIELDS, statAt } from './listing.ts';
import { LONG_FILE_BYTES } from './long-file.ts';
import { NewFileText } from './new-file-text.ts';
import { NewFiles, type NewFilesMeans } from './new-files.ts';
import { StatRows } from './stat-rows.ts';
import { placeIn, type Visit } from './visit.ts';
import type { WalkContext } from './walk-context.ts';

/** The event loop gets its turn after this many entries, so that answers to the workers are not held up. */
const ENTRIES_PER_TURN = 128;

/**
 * Settles what was listed in a directory, entry by entry: what is as before stays as text, what is new is kept in columns, and
 * all else goes through `EntrySettler`.
 */
export class ListingSettler {
  readonly #context: WalkContext;
  readonly #settler: EntrySettler;
  readonly #means: NewFilesMeans;
  readonly #turn: () => Promise<void>;
  #entriesSinceTurn = 0;

  /** @param turn resolves when the walk may go on */
  constructor(context: WalkContext, settler: EntrySettler, turn: () => Promise<void>) {
    this.#context = context;
    this.#settler = settler;
    this.#means = { context, settler, text: new NewFileText(context.entries) };
    this.#turn = turn;
  }

  /** Compares with `directory.earlier`, if there is any. Adds the directories that are to be looked into to `visits`. */
  async settle(directory: Directory, listing: Listing, visits: Visit[]): Promise<void> {
    const rows = directory.earlier?.rows() ?? null;
    if (!rows) directory.earlier = null;
    const earlier = new EarlierEntries(rows);
    const kept = rows && new KeptEntries(this.#context, directory, rows, listing);
    const stats = new StatRows(listing.stats);
    const { names, ends } = listing;
    directory.entries = new DirectoryEntries(listing.count, rows);
    for (let position = 0; position < listing.count; position++) {
      const row = earlier.take(names, nameStart(ends, position), ends[position] as number);
      const isDone =
        row === -1 ? this.#takeNewFile(directory, listing, stats, position) : kept?.keepIfSame(position, row);
      if (!isDone) {
        const name = nameAt(listing, position);
        const before = rows && row !== -1 ? rows.node(row) : null;
        const place = { position, name, ...placeIn(directory, name), stat: statAt(listing, position) };
        this.#settler.settleEntry(directory, { ...place, before, isTarget: false }, visits);
      }
      if (++this.#entriesSinceTurn >= ENTRIES_PER_TURN) {
        this.#entriesSinceTurn = 0;
        // Also in the middle of a directory: some have 300,000 entries.
        await this.#turn();
      }
    }
    const removed = earlier.passedOver();
    this.#context.counts.filesRemoved += removed.files;
    this.#context.counts.treesRemoved.push(...removed.trees);
  }

  /** Takes in an entry that no earlier snapshot has, if it is a plain file that a worker reads in one go; false for all else. */
  #takeNewFile(directory: Directory, listing: Listing, stats: StatRows, position: number): boolean {
    const mode = stats.number(position * STAT_FIELDS + MODE);
    const size = stats.number(position * STAT_FIELDS + SIZE);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || size >= LONG_FILE_BYTES) return false;
    if (this.#context.selection.isTooLarge(size)) return false;
    directory.entries.newFiles ??= new NewFiles(directory, listing, this.#means);
    directory.entries.newFiles.add(position);
    return true;
  }
}
