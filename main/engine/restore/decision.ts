import type { BigIntStats } from 'node:fs';
import { setImmediate as soon } from 'node:timers/promises';
import { throwIfCancelled } from '../errors.ts';
import { DIR, FILE, type TreeColumns } from '../format/tree-columns.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { pathText } from '../walk/walk-tree.ts';
import { contentLength, measureDoubtful } from './content.ts';
import type { EntryTable } from './entry-table.ts';
import { hasSameContent, hasSameMetadata, statAt } from './existing.ts';
import { FoundLinks } from './hard-links.ts';
import type { PathMatch } from './include.ts';
import { FoundDisks } from './mounted-disks.ts';
import type { PlannedEntries } from './planned-entries.ts';
import type { RestoreAction, RestoreLeftOut, RestoreProblem, RestoreRequest } from './request.ts';
import { besideName } from './safe-name.ts';
import type { TargetPaths } from './target-paths.ts';

const ID_BYTES = 32;
/** Small files are compared without waiting for anything; after so many of them, others have their turn. */
const COMPARED_AT_ONCE = 256;

/**
 * What the target holds below a folder. `nothing`: the folder is still to be made. `barred`: something else stands in its place
 * and stays, so that nothing below it is restored.
 */
export type Below = 'something' | 'nothing' | 'barred';

interface Wrong {
  readonly reason: RestoreProblem;
  readonly text: string;
}

/** Compares what a restore takes in with its content in the index and with what is in the target, and puts it into the table. */
export class Decision {
  readonly #request: RestoreRequest;
  readonly #index: BlobIndex;
  readonly #table: EntryTable;
  readonly #entries: PlannedEntries;
  readonly #paths: TargetPaths;
  readonly #links: FoundLinks;
  readonly disks: FoundDisks;
  readonly measured = new Map<number, number>();
  readonly leftOut: RestoreLeftOut[] = [];
  readonly counts: Record<RestoreAction, number> = { new: 0, replaced: 0, kept: 0, beside: 0, unchanged: 0 };
  /** Plaintext bytes that will be written. */
  bytes = 0;
  #compared = 0;
  /** Names beside what is there, with the number of the folder. */
  readonly #given = new Set<string>();

  /** @param device that of the target */
  constructor(request: RestoreRequest, index: BlobIndex, entries: PlannedEntries, paths: TargetPaths, device: number) {
    this.#request = request;
    this.#index = index;
    this.#entries = entries;
    this.#table = entries.table;
    this.#paths = paths;
    this.#links = new FoundLinks(entries.table);
    this.disks = new FoundDisks(entries.table, device);
  }

  /** What is in the target itself. */
  atTarget(): Below {
    return statAt(this.#paths.root) ? 'something' : 'nothing';
  }

  /**
   * Takes in a row of a directory, unless it is to be left out. Gives what the target holds below it, if it is a folder: when that
   * is not `barred`, it is the last entry of the table. A promise only where files have to be read.
   * @param folder number of the folder that it is in, @param below what the target holds there
   */
  decide(folder: number, below: Below, columns: TreeColumns, row: number, match: PathMatch): Below | Promise<Below> {
    if (below === 'barred') return 'barred';
    if (columns.types[row] === FILE) {
      const wrong = this.#takeContent(columns, row);
      if (wrong) return this.#lookCloser(folder, below, columns, row, match, wrong);
    }
    return this.#place(folder, below, columns, row, match);
  }

  #place(folder: number, below: Below, columns: TreeColumns, row: number, match: PathMatch): Below | Promise<Below> {
    const entry = this.#table.append(folder, columns, row);
    const found = below === 'nothing' ? undefined : statAt(this.#paths.of(entry));
    if (!found) {
      this.#links.standsApart(entry, undefined);
      this.#count(entry);
      return 'nothing';
    }
    const isFolder = columns.types[row] === DIR;
    const replaces = this.#request.existing === 'replace';
    // What stands where a folder is only passed through was not asked for: a link may lead to where all of it lies now.
    if (isFolder && !found.isDirectory() && !(replaces && match === 'inside')) {
      this.#leaveOut(folder, columns, row, IN_THE_WAY.other);
      this.#table.dropLast();
      return 'barred';
    }
    if (!isFolder && found.isDirectory() && replaces) {
      this.#leaveOut(folder, columns, row, IN_THE_WAY.folder);
      this.#table.dropLast();
      return below;
    }
    return this.#againstExisting(entry, found, columns, match);
  }

  async #againstExisting(entry: number, found: BigIntStats, columns: TreeColumns, match: PathMatch): Promise<Below> {
    const table = this.#table;
    if (++this.#compared % COMPARED_AT_ONCE === 0) {
      await soon();
      throwIfCancelled(this.#request.signal);
    }
    if (found.isDirectory()) this.disks.note(entry, Number(found.dev));
    const { node } = this.#entries.at(entry);
    const replaces = this.#request.existing === 'replace';
    const isSame = await hasSameContent(this.#paths.of(entry), found, node, this.#index, this.measured);
    const isApart = this.#links.standsApart(entry, isSame ? found : undefined);
    const isOurs = replaces && match === 'inside';
    if (isSame && isApart && isOurs) {
      // A link to the other name takes its place, or a file of its own.
      table.setAction(entry, 'replaced', 'yes');
    } else if (isSame) {
      table.setAction(entry, 'unchanged', !isOurs ? 'no' : hasSameMetadata(found, node) ? 'same' : 'yes');
    } else if (replaces) {
      table.setAction(entry, 'replaced', 'yes');
    } else if (this.#request.existing === 'skip') {
      table.setAction(entry, 'kept', 'no');
    } else {
      table.setAction(entry, 'beside', 'yes');
      const { name } = node;
      for (let attempt = 1; ; attempt++) {
        table.renameLast(besideName(name, attempt));
        const isFree = !statAt(this.#paths.of(entry)) && !hasName(columns, table.nameInTarget(entry));
        if (isFree && this.#isNotGiven(entry)) break;
      }
    }
    this.#count(entry);
    return found.isDirectory() ? 'something' : 'nothing';
  }

  /** Whether nothing else of its folder gets this name beside what is there; it is taken from now on. */
  #isNotGiven(entry: number): boolean {
    const name = Buffer.from(this.#table.nameInTarget(entry)).toString('latin1');
    const key = `${this.#table.folderOf[entry]} ${name}`;
    if (this.#given.has(key)) return false;
    this.#given.add(key);
    return true;
  }

  #count(entry: number): void {
    this.counts[this.#table.action(entry)]++;
    if (this.#table.isWritten(entry)) this.#table.changeFolder(this.#table.folderOf[entry] as number);
    if (this.#table.isFile(entry) && this.#table.isWritten(entry)) this.bytes += this.#table.sizes[entry] as number;
  }

  /** Notes the blobs of a file. */
  #takeContent(columns: TreeColumns, row: number): Wrong | undefined {
    const end = columns.contentEnds[row] as number;
    for (let position = columns.contentStart(row); position < end; position++) {
      const blob = this.#index.numberOfBytes('data', columns.contentIds, position * ID_BYTES);
      if (blob !== -1) this.#table.addContent(blob);
      else {
        const id = Buffer.from(columns.contentIds.subarray(position * ID_BYTES, (position + 1) * ID_BYTES));
        return { reason: 'missing', text: `Its content ${id.toString('hex').slice(0, 8)} is not in the repository.` };
      }
    }
    return this.#whySizeIsWrong(columns.sizes[row] as number);
  }

  #whySizeIsWrong(size: number): Wrong | undefined {
    let sum = 0;
    for (const blob of this.#table.nextContent) sum += contentLength(this.#index, blob, this.measured);
    if (sum === size) return undefined;
    return { reason: 'damaged', text: `Its content has ${sum} bytes, but the snapshot says ${size}.` };
  }

  async #lookCloser(
    folder: number,
    below: Below,
    columns: TreeColumns,
    row: number,
    match: PathMatch,
    wrong: Wrong,
  ): Promise<Below> {
    const { repository, signal } = this.#request;
    const blobs = this.#table.nextContent;
    const isMissing = wrong.reason === 'missing';
    const learned = !isMissing && (await measureDoubtful(repository, this.#index, blobs, this.measured, signal));
    const still = learned ? this.#whySizeIsWrong(columns.sizes[row] as number) : wrong;
    if (!still) return this.#place(folder, below, columns, row, match);
    this.#table.dropContent();
    this.#leaveOut(folder, columns, row, still);
    return below;
  }

  #leaveOut(folder: number, columns: TreeColumns, row: number, wrong: Wrong): void {
    const path = pathText([...this.#table.folders.segments(folder), columns.name(row)]);
    this.leftOut.push({ path, ...wrong });
  }
}

/** Whether the directory holds an entry with this name: what is restored beside another must not take its place. */
function hasName(columns: TreeColumns, name: Uint8Array): boolean {
  let [low, high] = [0, columns.count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = Buffer.compare(columns.name(middle), name);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

const IN_THE_WAY: Readonly<Record<'folder' | 'other', Wrong>> = {
  folder: { reason: 'in-the-way', text: 'A folder with this name is there; it was kept.' },
  other: { reason: 'in-the-way', text: 'Something that is not a folder is there; it was kept.' },
};
