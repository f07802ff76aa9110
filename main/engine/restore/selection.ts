import type { WireError } from '../errors.ts';
import { DIR, directoryRow, SOCKET, SYMLINK, type TreeColumns } from '../format/tree-columns.ts';
import type { TreeId } from '../ids.ts';
import type { ColumnsVisitor, Descent } from '../walk/walk-columns.ts';
import { pathText } from '../walk/walk-tree.ts';
import type { Below, Decision } from './decision.ts';
import type { EntryTable } from './entry-table.ts';
import { NO_ENTRY, ROOT } from './folder-table.ts';
import type { PathMatch, PathMatcher } from './include.ts';
import type { RestoreLeftOut, RestoreProblem } from './request.ts';
import { isSafeName } from './safe-name.ts';

/** A folder that the walk goes into. */
export interface FolderOnWay {
  readonly number: number;
  /** How many names lead to it from the snapshot's root. */
  readonly level: number;
  readonly parent: FolderOnWay | undefined;
  /** Whether everything below is asked for, as far as is known. */
  takes: 'all' | 'some';
  below: Below;
  /** The folder's own row while it is to be taken in only with something below it. */
  waiting: TreeColumns | undefined;
}

/** Looks through a snapshot for what a restore is to take in, and leaves out what no file system may be given. */
export class Selection implements ColumnsVisitor<FolderOnWay> {
  readonly #include: PathMatcher;
  readonly #table: EntryTable;
  readonly #decision: Decision;
  readonly leftOut: RestoreLeftOut[] = [];
  /** Entries that were asked for, whatever was decided of them. */
  found = 0;

  constructor(include: PathMatcher, table: EntryTable, decision: Decision) {
    this.#include = include;
    this.#table = table;
    this.#decision = decision;
  }

  root(tree: TreeId): Descent<FolderOnWay> {
    const below = this.#decision.atTarget();
    return { tree, folder: { number: ROOT, level: 0, parent: undefined, takes: 'some', below, waiting: undefined } };
  }

  async directory(folder: FolderOnWay, columns: TreeColumns): Promise<readonly Descent<FolderOnWay>[]> {
    const above = folder.takes === 'all' ? [] : this.#table.folders.segments(folder.number);
    if (folder.takes === 'some' && this.#include.takesAllBelow(above)) folder.takes = 'all';
    const descents: Descent<FolderOnWay>[] = [];
    for (let row = 0; row < columns.count; row++) {
      const match = folder.takes === 'all' ? 'inside' : this.#include.match([...above, columns.name(row)]);
      if (match === 'outside') continue;
      const problem = whyNot(columns, row);
      if (problem) {
        this.#leaveOut(folder, columns, row, problem);
        continue;
      }
      let { below } = folder;
      if (match === 'inside' || match === 'above') {
        if (folder.waiting) await this.#takeIn(folder);
        const decided = this.#take(folder, columns, row, match);
        // Most need no waiting, which would cost more than all the rest.
        below = typeof decided === 'string' ? decided : await decided;
      }
      const tree = columns.types[row] === DIR ? columns.subtrees.get(row) : undefined;
      if (tree) descents.push({ tree, folder: this.#enter(folder, columns, row, match, below) });
    }
    return descents;
  }

  unreadable(folder: FolderOnWay, error: WireError): void {
    this.leftOut.push({
      path: pathText(this.#table.folders.segments(folder.number)),
      reason: error.code === 'repo/blob-missing' ? 'missing' : 'damaged',
      text: `The folder cannot be read, nothing below it was restored. ${error.message}`,
    });
  }

  #take(folder: FolderOnWay, columns: TreeColumns, row: number, match: PathMatch): Below | Promise<Below> {
    this.found++;
    return this.#decision.decide(folder.number, folder.below, columns, row, match);
  }

  #enter(parent: FolderOnWay, columns: TreeColumns, row: number, match: PathMatch, below: Below): FolderOnWay {
    const level = parent.level + 1;
    const number = this.#table.folders.add(parent.number, level, columns.name(row));
    const waiting = match === 'maybe' ? directoryRow(columns, row) : undefined;
    if (match === 'inside' || match === 'above') this.#noteEntry(number, below);
    return { number, level, parent, takes: parent.takes, below, waiting };
  }

  /** Takes in a folder that waited for something below it, and those above that waited with it. */
  async #takeIn(folder: FolderOnWay): Promise<void> {
    const chain: FolderOnWay[] = [];
    for (let at: FolderOnWay | undefined = folder; at?.waiting; at = at.parent) chain.push(at);
    for (const one of chain.reverse()) {
      const { parent, waiting } = one;
      one.waiting = undefined;
      if (!parent || !waiting) continue;
      one.below = await this.#take(parent, waiting, 0, 'maybe');
      this.#noteEntry(one.number, one.below);
    }
  }

  /** What was decided last was this folder. */
  #noteEntry(folder: number, below: Below): void {
    this.#table.folders.entries[folder] = below === 'barred' ? NO_ENTRY : this.#table.count - 1;
  }

  #leaveOut(folder: FolderOnWay, columns: TreeColumns, row: number, reason: RestoreProblem): void {
    const path = pathText([...this.#table.folders.segments(folder.number), columns.name(row)]);
    this.leftOut.push({ path, reason, text: PROBLEM_TEXT[reason] ?? 'It cannot be restored.' });
  }
}

const PROBLEM_TEXT: Partial<Record<RestoreProblem, string>> = {
  'unsafe-name': 'Its name is not one that a file may have; it could lead out of the target.',
  'duplicate-name': 'Another entry of the folder has the same name.',
  damaged: 'The entry contradicts itself.',
  'not-supported': 'Sockets are made by programs and cannot be restored.',
};

function whyNot(columns: TreeColumns, row: number): RestoreProblem | undefined {
  const { names, nameStarts, nameEnds, types } = columns;
  if (!isSafeName(names, nameStarts[row], nameEnds[row])) return 'unsafe-name';
  if (row > 0 && isSameName(columns, row - 1, row)) return 'duplicate-name';
  const type = types[row];
  if (type === DIR && !columns.subtrees.has(row)) return 'damaged';
  if (type === SYMLINK && (columns.rare.get(row)?.linkTarget ?? []).length === 0) return 'damaged';
  return type === SOCKET ? 'not-supported' : undefined;
}

/** Entries are sorted by name, so an equal name is the neighbour. */
function isSameName({ names, nameStarts, nameEnds }: TreeColumns, a: number, b: number): boolean {
  const start = nameStarts[a] as number;
  const other = nameStarts[b] as number;
  const length = (nameEnds[a] as number) - start;
  if (length !== (nameEnds[b] as number) - other) return false;
  for (let i = length - 1; i >= 0; i--) if (names[start + i] !== names[other + i]) return false;
  return true;
}
