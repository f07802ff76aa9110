import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../../main/catalog/catalog.ts';
import { Database, isDamage } from '../../../main/catalog/database.ts';

describe("the catalog's file", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'triplicate-catalog-'));
    path = join(folder, 'catalog.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const names = (database: Database): readonly string[] =>
    database.all<{ id: string }>('SELECT id FROM folder').map(({ id }) => id);
  const write = (): void => {
    const database = Database.open(path);
    database.run("INSERT INTO folder (id, root) VALUES ('kept', '/x')");
    database.close();
  };

  it('is for its owner alone, beside files that SQLite adds', () => {
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    const database = Database.open(path);
    database.run("INSERT INTO folder (id, root) VALUES ('f', '/x')");
    for (const end of ['', '-wal', '-shm']) expect(statSync(path + end).mode & 0o777).toBe(0o600);
    database.close();
  });

  it('keeps what it holds from one start to the next', () => {
    write();
    const database = Database.open(path);
    expect(names(database)).toEqual(['kept']);
    database.close();
  });

  it('is put aside when another version wrote it', () => {
    write();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA user_version = 999');
    other.close();
    const database = Database.open(path);
    expect(names(database)).toEqual([]);
    expect(existsSync(`${path}.old`)).toBe(true);
    database.close();
  });

  it('is put aside when it is no database', () => {
    writeFileSync(path, 'nothing that SQLite wrote, and long enough to have a header of its own '.repeat(100));
    const database = Database.open(path);
    expect(names(database)).toEqual([]);
    expect(readFileSync(`${path}.damaged`, 'latin1')).toContain('nothing that SQLite wrote');
    database.close();
  });

  it('is left alone when another program holds it', () => {
    write();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const database = Database.open(path);
    expect(names(database)).toEqual([]);
    expect(existsSync(`${path}.damaged`)).toBe(false);
    database.close();
    other.close();
    const again = Database.open(path);
    expect(names(again)).toEqual(['kept']);
    again.close();
  });

  it('is made anew when damage shows while it is in use', async () => {
    write();
    const catalog = new Catalog(path);
    const damage = Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
    expect(isDamage(damage)).toBe(true);
    expect(catalog.recover(new Error('another'))).toBe('not-damaged');
    expect(catalog.recover(damage)).toBe('new');
    expect(catalog.knows('kept')).toBe(false);
    expect(existsSync(`${path}.damaged`)).toBe(true);
    await catalog.close();
  });
});
