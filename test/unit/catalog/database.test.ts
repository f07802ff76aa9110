import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { momentsOf, versionsOf } from '../../../main/catalog/answers.ts';
import { Catalog } from '../../../main/catalog/catalog.ts';
import { Database, isDamage } from '../../../main/catalog/database.ts';
import { FolderPart } from '../../../main/catalog/folder-part.ts';
import { search } from '../../../main/catalog/search.ts';
import { applySnapshots, type FakeSnapshot, sha, TreeWorld } from '../../support/catalog-world.ts';

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

it('a folder that is only half forgotten when the process ends is there as a whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'triplicate-catalog-'));
  const path = join(folder, 'catalog.db');
  const database = Database.open(path);
  const world = new TreeWorld();
  const tree = world.add({ letter: { content: 'dear', mtime: 1 } });
  const id = sha('whole');
  await applySnapshots(database, 'f', [{ destination: 'disk', id, time: 1000, tree }], world);
  database.run("CREATE TRIGGER stop BEFORE DELETE ON moment BEGIN SELECT RAISE(ABORT, 'killed'); END");
  database.close();
  const catalog = new Catalog(path);
  await expect(catalog.keepFolders([])).rejects.toThrow('killed');
  expect(catalog.browse('f', id, '')).toMatchObject([{ name: 'letter' }]);
  await catalog.close();
  rmSync(folder, { recursive: true });
});

describe('a moment that is just being written', () => {
  it('is named by no answer, also where the process ended in the middle of it', async () => {
    const database = Database.open(':memory:');
    const world = new TreeWorld();
    const tree = world.add({ letter: { content: 'dear', mtime: 1 } });
    const whole: FakeSnapshot = { destination: 'disk', id: sha('whole'), time: 1000, tree };
    (await applySnapshots(database, 'f', [whole], world)).addMoment({
      ...{ at: 2000, id: sha('half'), time: 2000, tree: sha('no tree') },
      ...{ added: 0, changed: 0, removed: 0, files: 0, state: 0 },
    });
    const part = FolderPart.find(database, 'f', 'whole');
    if (!part) throw new Error('the folder is unknown');
    const letter = Buffer.from('letter').toString('base64url');
    expect(versionsOf(part, letter)).toMatchObject([{ momentId: whole.id, current: true }]);
    const { hits } = search([{ folderId: 'f', part }], { text: 'letter', which: 'all', limit: 10 });
    expect(hits).toMatchObject([{ momentId: whole.id, existsNow: true }]);
    expect(momentsOf(part).map(({ id }) => id)).toEqual([whole.id]);
    database.close();
  });
});

it.each([
  ['üb', 'Grundübung'],
  ['ÜB', 'Grundu\u0308bung'],
  ['да', 'ЗАДАЧА'],
  ['ος', 'οδος'],
  ['ub', 'Grundübung'],
  ['e', 'Été'],
  ['bc', 'ＡＢＣ'],
])('two letters within a name, %j, find %j', async (text, name) => {
  const database = Database.open(':memory:');
  const world = new TreeWorld();
  const tree = world.add({ [Buffer.from(name).toString('latin1')]: { content: '', mtime: 1 } });
  const part = await applySnapshots(database, 'f', [{ destination: 'disk', id: sha('a'), time: 1, tree }], world);
  const { hits } = search([{ folderId: 'f', part }], { text, which: 'all', limit: 10 });
  expect(hits.map((hit) => hit.name)).toEqual([name]);
  database.close();
});
