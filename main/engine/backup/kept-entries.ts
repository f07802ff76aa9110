import type { Directory } from './directory.ts';
import type { EarlierRows } from './earlier-rows.ts';
import { type Listing, SIZE, STAT_FIELDS } from './listing.ts';
import { EntryComparison } from './same-directory.ts';
import { StatRows } from './stat-rows.ts';
import type { WalkContext } from './walk-context.ts';

/**
 * Entries of a directory that changed which are as the parent snapshot has them: each is compared as text, and what is the same stays
 * as it stands there. Directories go another way, as there is something below them to be looked at.
 */
export class KeptEntries {
  readonly #context: WalkContext;
  readonly #directory: Directory;
  readonly #rows: EarlierRows;
  readonly #stats: StatRows;
  readonly #comparison: EntryComparison | null;

  /** @param rows of the parent's directory, which is `directory.earlier` */
  constructor(context: WalkContext, directory: Directory, rows: EarlierRows, listing: Listing) {
    const { entries, selection } = context;
    const text = directory.earlier?.text;
    this.#context = context;
    this.#directory = directory;
    this.#rows = rows;
    this.#stats = new StatRows(listing.stats);
    this.#comparison =
      text && rows.span ? new EntryComparison(text, listing, { owners: entries.owners, selection }) : null;
  }

  /** Leaves an entry as it was, when it says what the system says, and every destination has its content. */
  keepIfSame(position: number, row: number): boolean {
    const { writers, counts } = this.#context;
    const span = this.#rows.type(row) === 'dir' ? undefined : this.#rows.span?.(row);
    if (!span || !this.#comparison?.isSame(position, span)) return false;
    if (this.#rows.type(row) === 'file') {
      const ids = this.#rows.contentIds(row);
      if (!writers.every((writer) => writer.failure || writer.hasAllData(ids))) return false;
      const size = this.#stats.number(position * STAT_FIELDS + SIZE);
      counts.filesFound++;
      counts.bytesFound += size;
      counts.filesUnchanged++;
      counts.settled(size);
    }
    this.#directory.entries.keep(position, row);
    return true;
  }
}
