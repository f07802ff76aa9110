import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EngineService } from '../../main/app/engine-link/engine-service.ts';
import { PASSPHRASE, quickEngine } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A part of the catalog's file is damaged which not every question reads. */

let scratch: TemporaryFolder;
let engine: EngineService;
let source: string;
let catalog: string;

beforeEach(async () => {
  scratch = await temporaryFolder('damaged-catalog');
  source = join(scratch.path, 'source');
  catalog = join(scratch.path, 'catalog.db');
  await mkdir(source);
  engine = quickEngine();
  await engine.call('create', { repository: repository(), like: null });
  await store('first');
  await engine.call('updateHistory', scope());
  await engine.close();
});
afterEach(async () => {
  await engine.close();
  await scratch.remove();
});

const repository = () => ({ location: join(scratch.path, 'repository'), passphrase: PASSPHRASE });
const scope = () => ({
  catalog,
  folderId: 'f',
  root: source,
  destinationIds: ['disk'],
  sources: [{ destinationId: 'disk', repository: repository() }],
});

async function store(name: string): Promise<string> {
  await writeFile(join(source, name), name);
  const rules = { excludes: [], excludeLargerThan: null, markers: 'ignore', scansFolder: null } as const;
  const { results } = await engine.call('backup', {
    repositories: [repository()],
    path: source,
    dirtyDirectories: null,
    ...rules,
  });
  return results[0]?.snapshotId ?? '';
}

/** Of what the table or index holds, its first page; the file is as SQLite left it. */
async function strike(table: string): Promise<void> {
  const database = new DatabaseSync(catalog);
  const page = Number(database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.rootpage);
  const size = Number(database.prepare('PRAGMA page_size').get()?.page_size);
  database.close();
  await using file = await open(catalog, 'r+');
  await file.write(Buffer.alloc(size, 0xff), 0, size, (page - 1) * size);
}

const moments = async () => (await engine.call('moments', scope())).map(({ id }) => id);
const found = async (text: string) => {
  const { hits } = await engine.call('search', { scopes: [scope()], text, which: 'all', limit: 10 });
  return hits.map(({ name }) => name);
};

it('new versions show also where only what is written is damaged', async () => {
  await strike('span_first');
  engine = quickEngine();
  expect(await moments()).toHaveLength(1);
  const second = await store('second');
  await expect.poll(moments).toContain(second);
  expect(await found('second')).toEqual(['second']);
});

it('the first answer after damage is no answer from an empty catalog', async () => {
  await strike('name_search_data');
  engine = quickEngine();
  expect(await found('first')).toEqual(['first']);
});
