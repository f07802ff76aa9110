import { type HitInfo, hitInfo } from './answers.ts';
import type { FolderPart } from './folder-part.ts';
import {
  allOf,
  fold,
  queryWords,
  spellingsOf,
  startTrigrams,
  trigrams,
  wholeTrigrams,
  wordTails,
  wordTrigram,
} from './folding.ts';
import { nameText } from './node-value.ts';
import { recentlyDeleted } from './recently-deleted.ts';

export interface SearchQuery {
  readonly text: string;
  readonly which: 'all' | 'deleted';
  readonly limit: number;
}

/** Names looked at for one kind of match: bounds the time when nearly everything fits. */
const MOST_CANDIDATES = 1000;
/** Entries looked at below directories that fit. */
const MOST_BELOW = 1000;
/** Names looked at for one or two letters within a word, which no index has. */
const MOST_SCANNED = 50_000;
/** Names with letters other than English ones that are folded for it, the newest: a millisecond takes some hundred. */
const MOST_FOLDED = 5000;

/** How well a name fits, best first. */
const RANK = { whole: 0, start: 1, words: 2, name: 3, path: 4 } as const;
type Rank = (typeof RANK)[keyof typeof RANK];

interface Row {
  readonly id: number;
  readonly name: Uint8Array;
  readonly gone: number;
}

interface Found extends Row {
  readonly part: FolderPart;
  readonly rank: Rank;
  readonly text: string;
}

/**
 * Paths in which every word occurs, whatever their case and accents: whole names first, then names that begin so, then
 * words that do, then names with the words anywhere, then paths. Without a word: what was deleted last, when only that is
 * asked for. `more` when not all were looked at or given.
 */
export function search(
  folders: readonly { readonly folderId: string; readonly part: FolderPart }[],
  query: SearchQuery,
): { readonly hits: readonly HitInfo[]; readonly more: boolean } {
  const words = queryWords(query.text);
  if (words.length === 0)
    return query.which === 'deleted' ? recentlyDeleted(folders, query.limit) : { hits: [], more: false };
  const hunt = new Hunt(words, query);
  for (const step of stepsFor(hunt, folders)) {
    for (const { part } of folders) step(hunt, part);
    if (hunt.found.size > query.limit) break;
  }
  const sorted = [...hunt.found.values()].sort(bestFirst);
  const ids = new Map(folders.map(({ folderId, part }) => [part, folderId]));
  return {
    hits: sorted.slice(0, query.limit).flatMap((one) => hitInfo(ids.get(one.part) ?? '', one) ?? []),
    more: sorted.length > query.limit || hunt.cut,
  };
}

/** What was found so far, for one query. */
class Hunt {
  readonly words: readonly string[];
  readonly first: string;
  /** Of the first word, for names that are not folded. */
  readonly spellings: readonly string[];
  readonly which: SearchQuery['which'];
  readonly limit: number;
  readonly found = new Map<number, Found>();
  /** True when something was not looked at. */
  cut = false;

  constructor(words: readonly string[], { text, which, limit }: SearchQuery) {
    this.words = words;
    this.first = words[0] ?? '';
    this.spellings = spellingsOf(text, this.first);
    this.which = which;
    this.limit = limit;
  }

  /** Rows of the index with all these trigrams, the filter applied. */
  candidates(part: FolderPart, wanted: readonly string[]): readonly Row[] {
    const table = this.which === 'deleted' ? 'gone_search' : 'name_search';
    const rows = part.database.all<Row>(
      `SELECT id, entry.name AS name, gone FROM (SELECT rowid AS found FROM ${table}
        WHERE ${table} MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?) JOIN entry ON entry.id = found`,
      ...[allOf(wanted), part.root, part.end, MOST_CANDIDATES],
    );
    if (rows.length === MOST_CANDIDATES) this.cut = true;
    return rows;
  }

  keepNames(part: FolderPart, rows: readonly Row[]): void {
    for (const row of rows) {
      const rank = this.found.has(row.id) ? undefined : rankOf(nameText(row.name), this.words);
      if (rank !== undefined) this.keep(part, row, rank);
    }
  }

  keep(part: FolderPart, row: Row, rank: Rank): void {
    if (this.which === 'deleted' && row.gone === 0) return;
    this.found.set(row.id, { ...row, part, rank, text: fold(nameText(row.name)) });
  }
}

function rankOf(name: string, words: readonly string[]): Rank | undefined {
  const folded = fold(name);
  if (!words.every((word) => folded.includes(word))) return undefined;
  const text = words.join(' ');
  const dot = folded.lastIndexOf('.');
  if (folded === text || (dot > 0 && folded.slice(0, dot) === text)) return RANK.whole;
  if (folded.startsWith(words[0] ?? '')) return RANK.start;
  const tails = [folded, ...wordTails(name)];
  return words.every((word) => tails.some((tail) => tail.startsWith(word))) ? RANK.words : RANK.name;
}

type Step = (hunt: Hunt, part: FolderPart) => void;

/**
 * One question to the index gives all names with the words, if they are few: what they begin with is seen on the names
 * themselves. Only when they are too many are the best asked for first.
 */
function stepsFor(hunt: Hunt, folders: readonly { readonly part: FolderPart }[]): readonly Step[] {
  const inner = hunt.words.flatMap((word) => trigrams(word));
  if (inner.length === 0) return [whole, starts, laterWords, scanned, paths];
  const rows = new Map(folders.map(({ part }) => [part, hunt.candidates(part, inner)]));
  const anywhere: Step = (_, part) => hunt.keepNames(part, rows.get(part) ?? []);
  return hunt.cut ? [whole, starts, laterWords, anywhere, paths] : [anywhere, paths];
}

const whole: Step = (hunt, part) => {
  const text = hunt.words.join(' ');
  hunt.keepNames(part, hunt.candidates(part, wholeTrigrams(text)));
  hunt.keepNames(part, hunt.candidates(part, [...startTrigrams(text), ...trigrams(`${text}.`)]));
};

const starts: Step = (hunt, part) => {
  const inner = hunt.words.flatMap((word) => trigrams(word));
  hunt.keepNames(part, hunt.candidates(part, [...startTrigrams(hunt.first), ...inner]));
};

/** The first word begins the name's later words; the others may be anywhere. */
const laterWords: Step = (hunt, part) => {
  const inner = hunt.words.flatMap((word) => trigrams(word));
  for (const word of hunt.words) {
    const start = wordTrigram(word);
    if (start !== undefined) hunt.keepNames(part, hunt.candidates(part, [start, ...inner]));
  }
};

/** Words too short for the index are looked for in the names that came last. */
const scanned: Step = (hunt, part) => {
  if (hunt.words.some((word) => trigrams(word).length > 0)) return;
  const fits = hunt.spellings.map(() => "CAST(name AS TEXT) LIKE ? ESCAPE '\\'").join(' OR ');
  const patterns = hunt.spellings.map((text) => `%${text.replace(/[\\%_]/g, '\\$&')}%`);
  const scan = (where: string, most: number, values: readonly string[]): readonly Row[] =>
    part.database.all<Row>(
      `SELECT id, name, gone FROM (SELECT id, name, gone FROM entry WHERE id > ? AND id <= ? ORDER BY id DESC LIMIT ?)
        WHERE gone >= ? AND (${where}) LIMIT ?`,
      ...[part.root, part.end, MOST_SCANNED, hunt.which === 'deleted' ? 1 : 0, ...values, most],
    );
  const rows = scan(fits, MOST_CANDIDATES, patterns);
  // An accent or another width may be where none was typed: such names are few, or some of them are left out.
  const others = scan("CAST(name AS TEXT) GLOB '*[^ -~]*'", MOST_FOLDED, []);
  if (others.length === MOST_FOLDED) hunt.cut = true;
  hunt.keepNames(part, others);
  const size = part.database.get<{ id: number | null }>('SELECT max(id) AS id FROM entry WHERE id <= ?', part.end);
  if ((size?.id ?? 0) - part.root > MOST_SCANNED || rows.length === MOST_CANDIDATES) hunt.cut = true;
  hunt.keepNames(part, rows);
};

/**
 * A path that fits has a name with its rarest word: that name's own path or one below it fits. What is found is looked at
 * breadth first, so that what is near the name comes first.
 */
const paths: Step = (hunt, part) => {
  const rarest = rarestWord(hunt, part);
  if (!rarest) return;
  const known = new Map<number, string>([[part.root, '']]);
  let waiting: readonly Row[] = rarest;
  let seen = 0;
  while (waiting.length > 0 && hunt.found.size <= hunt.limit) {
    const next: Row[] = [];
    for (const row of waiting) {
      if (seen++ > MOST_BELOW) {
        hunt.cut = true;
        return;
      }
      const path = foldedPath(part, row.id, known);
      if (!hunt.found.has(row.id) && hunt.words.every((word) => path.includes(word))) hunt.keep(part, row, RANK.path);
      const left = MOST_BELOW - seen - next.length;
      if (left > 0) next.push(...childrenOf(part, row.id, left));
      else hunt.cut = true;
    }
    waiting = next;
  }
  if (waiting.length > 0) hunt.cut = true;
};

function childrenOf(part: FolderPart, entry: number, most: number): readonly Row[] {
  return part.database.all<Row>('SELECT id, name, gone FROM entry WHERE parent = ? LIMIT ?', entry, most);
}

/** Every name with the word of which there are fewest, deleted or not: what is below a standing name may be deleted. */
function rarestWord(hunt: Hunt, part: FolderPart): readonly Row[] | undefined {
  let best: readonly Row[] | undefined;
  for (const word of hunt.words) {
    const wanted = trigrams(word);
    if (wanted.length === 0) continue;
    const rows = part.database.all<Row>(
      `SELECT id, entry.name AS name, gone FROM (SELECT rowid AS found FROM name_search
        WHERE name_search MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?) JOIN entry ON entry.id = found`,
      ...[allOf(wanted), part.root, part.end, MOST_CANDIDATES],
    );
    const fitting = rows.filter(({ name }) => fold(nameText(name)).includes(word));
    if (rows.length === MOST_CANDIDATES) hunt.cut = true;
    if (!best || fitting.length < best.length) best = fitting;
  }
  return best;
}

function foldedPath(part: FolderPart, entry: number, known: Map<number, string>): string {
  const before = known.get(entry);
  if (before !== undefined) return before;
  const row = part.database.get<{ parent: number; name: Uint8Array }>(
    'SELECT parent, name FROM entry WHERE id = ?',
    entry,
  );
  const path = row ? `${foldedPath(part, row.parent, known)}/${fold(nameText(row.name))}` : '';
  known.set(entry, path);
  return path;
}

/** Better matches first; among equal ones what exists, what is shorter, then by name. */
function bestFirst(a: Found, b: Found): number {
  return (
    a.rank - b.rank ||
    a.gone - b.gone ||
    a.text.length - b.text.length ||
    (a.text < b.text ? -1 : a.text > b.text ? 1 : a.id - b.id)
  );
}
