import { chmodSync, closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

export type Value = string | number | null | Uint8Array;

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** The catalog's file with its statements, each prepared once. One process writes to it, on this one connection. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  /**
   * Opens the file, or a new one in its place: what is damaged or of another version is put aside (`….damaged`, `….old`).
   * Where no file can be kept at all, the catalog lives in memory; it is only quicker than reading repositories again.
   */
  static open(path: string): Database {
    if (path === ':memory:') return Database.#connect(path);
    try {
      return Database.#inFile(path);
    } catch {
      return Database.#connect(':memory:');
    }
  }

  static #inFile(path: string): Database {
    try {
      closeSync(openSync(path, 'a', 0o600)); // SQLite gives its own two files the mode of this one
      chmodSync(path, 0o600);
      return Database.#connect(path);
    } catch (error) {
      const old = error instanceof OtherVersion;
      if (!old && !isDamage(error)) throw error; // a file that is only busy or not allowed is nobody's to put aside
      putAside(path, old ? 'old' : 'damaged');
      closeSync(openSync(path, 'a', 0o600));
      return Database.#connect(path);
    }
  }

  static #connect(path: string): Database {
    const connection = new DatabaseSync(path, { timeout: 2000 });
    try {
      // 4 MB: the system caches the file as well, and what SQLite has once taken the process keeps while it rests.
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4000');
      connection.exec('PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864');
      const found = Number(connection.prepare('PRAGMA user_version').get()?.user_version);
      const tables = Number(connection.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
      if (tables === 0) connection.exec(`BEGIN; ${SCHEMA} COMMIT`);
      else if (found !== SCHEMA_VERSION) throw new OtherVersion();
      return new Database(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  run(sql: string, ...values: readonly Value[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  get<Row>(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: readonly Value[]): readonly Row[] {
    return this.#prepared(sql).all(...values) as unknown as readonly Row[];
  }

  /** Takes back what was not committed; SQLite has done so itself after some errors, a full disk among them. */
  rollBack(): void {
    if (this.#connection.isOpen && this.#connection.isTransaction) this.run('ROLLBACK');
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

class OtherVersion extends Error {}

/** True when SQLite says it, of whatever. */
export function isOfDatabase(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error;
}

/** True when SQLite says that its file is not what it wrote. */
export function isDamage(error: unknown): error is object {
  const code = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** Keeps the last one that was put aside, for whoever looks for the cause. */
export function putAside(path: string, why: 'damaged' | 'old'): void {
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  renameSync(path, `${path}.${why}`);
}
