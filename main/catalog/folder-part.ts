import type { Database } from './database.ts';
import { latin1 } from './node-value.ts';
import { FOLDER_RANGE } from './schema.ts';

/** A moment as the catalog keeps it. `at` orders; `time` is when its first snapshot was made; both in microseconds. */
export interface StoredMoment {
  readonly at: number;
  readonly id: string;
  readonly time: number;
  readonly tree: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly files: number;
  readonly state: 0 | 1;
}

/** One folder's part of the catalog: its range of entry numbers and its moments, oldest first. */
export class FolderPart {
  readonly database: Database;
  readonly number: number;
  /** The entry of the folder itself; the first of its range. */
  readonly root: number;
  readonly end: number;
  readonly #which: 'all' | 'whole';
  #next: number;
  #moments: readonly StoredMoment[];

  /** The folder's part, made when there is none; emptied when the folder has moved. */
  static open(database: Database, id: string, root: string): FolderPart {
    const find = () =>
      database.get<{ number: number; root: string }>('SELECT number, root FROM folder WHERE id = ?', id);
    const known = find();
    if (known?.root === root) return new FolderPart(database, known.number);
    if (known) {
      const part = new FolderPart(database, known.number);
      database.run('UPDATE folder SET root = ? WHERE id = ?', root, id);
      database.run('DELETE FROM snapshot WHERE folder = ?', part.number);
      part.clear();
      return part;
    }
    database.run('INSERT INTO folder (id, root) VALUES (?, ?)', id, root);
    return new FolderPart(database, find()?.number ?? 0);
  }

  /**
   * The part of a folder that is in the catalog. `whole`: without the moment that is just being written, or was when the
   * process ended, which no answer may name.
   */
  static find(database: Database, id: string, which: 'all' | 'whole' = 'all'): FolderPart | undefined {
    const known = database.get<{ number: number }>('SELECT number FROM folder WHERE id = ?', id);
    return known && new FolderPart(database, known.number, which);
  }

  private constructor(database: Database, number: number, which: 'all' | 'whole' = 'all') {
    this.database = database;
    this.#which = which;
    this.number = number;
    this.root = number * FOLDER_RANGE;
    this.end = this.root + FOLDER_RANGE - 1;
    const top = database.get<{ id: number | null }>(
      'SELECT max(id) AS id FROM entry WHERE id BETWEEN ? AND ?',
      this.root,
      this.end,
    );
    this.#next = (top?.id ?? this.root) + 1;
    this.#moments = this.#read();
  }

  get moments(): readonly StoredMoment[] {
    return this.#moments;
  }

  get newest(): StoredMoment | undefined {
    return this.#moments.at(-1);
  }

  /** The last moment not after the key. */
  upTo(at: number): StoredMoment | undefined {
    return this.#moments[this.#position(at + 1) - 1];
  }

  /** The first moment not before the key. */
  from(at: number): StoredMoment | undefined {
    return this.#moments[this.#position(at)];
  }

  newEntry(): number {
    return this.#next++;
  }

  addMoment(moment: StoredMoment): void {
    const { at, id, time, tree, added, changed, removed, files, state } = moment;
    this.database.run(
      'INSERT OR REPLACE INTO moment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[this.number, at, id, time, tree, added, changed, removed, files, state],
    );
    const position = this.#position(at);
    const known = this.#moments[position]?.at === at ? 1 : 0;
    this.#moments = this.#moments.toSpliced(position, known, moment);
  }

  /** Moments that are about to go: a process that ends before `removeMoments` finds them as unfinished. */
  hideMoments(ats: readonly number[]): void {
    for (const at of ats) this.database.run('UPDATE moment SET state = 0 WHERE folder = ? AND at = ?', this.number, at);
    this.#moments = this.#moments.filter(({ at }) => !ats.includes(at));
  }

  removeMoments(ats: readonly number[]): void {
    for (const at of ats) this.database.run('DELETE FROM moment WHERE folder = ? AND at = ?', this.number, at);
    this.#moments = this.#read();
  }

  /** Forgets all moments and entries; which snapshots there are stays. */
  clear(): void {
    for (const table of ['name_search', 'gone_search'])
      this.database.run(`DELETE FROM ${table} WHERE rowid BETWEEN ? AND ?`, this.root, this.end);
    this.database.run('DELETE FROM span WHERE entry BETWEEN ? AND ?', this.root, this.end);
    this.database.run('DELETE FROM entry WHERE id BETWEEN ? AND ?', this.root, this.end);
    this.database.run('DELETE FROM moment WHERE folder = ?', this.number);
    this.#next = this.root + 1;
    this.#moments = [];
  }

  /** The number of a path of raw names; undefined when it never was. */
  entryAt(path: Uint8Array): number | undefined {
    let entry: number | undefined = this.root;
    for (const name of latin1(path).split('/').filter(Boolean)) {
      if (entry === undefined) break;
      const sql = 'SELECT id FROM entry WHERE parent = ? AND name = ?';
      entry = this.database.get<{ id: number }>(sql, entry, Buffer.from(name, 'latin1'))?.id;
    }
    return entry;
  }

  /** The raw path of an entry, relative to the folder. */
  pathOf(entry: number): Buffer {
    const names: Uint8Array[] = [];
    for (let here = entry; here !== this.root; ) {
      const row = this.database.get<{ parent: number; name: Uint8Array }>(
        'SELECT parent, name FROM entry WHERE id = ?',
        here,
      );
      if (!row) break;
      names.unshift(row.name);
      here = row.parent;
    }
    return Buffer.concat(names.flatMap((name, position) => (position === 0 ? [name] : [SLASH, name])));
  }

  #position(at: number): number {
    let low = 0;
    let high = this.#moments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#moments[middle]?.at ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #read(): readonly StoredMoment[] {
    const sql = `SELECT at, id, time, tree, added, changed, removed, files, state
      FROM moment WHERE folder = ? AND state >= ? ORDER BY at`;
    return this.database.all<StoredMoment>(sql, this.number, this.#which === 'whole' ? 1 : 0);
  }
}

const SLASH = Buffer.from('/');
