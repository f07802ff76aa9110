import { afterEach, beforeEach, expect, it } from 'vitest';
import { browse, momentsOf, versionsOf } from '../../../main/catalog/answers.ts';
import { applyMoments } from '../../../main/catalog/apply-moments.ts';
import { Database } from '../../../main/catalog/database.ts';
import { FolderPart } from '../../../main/catalog/folder-part.ts';
import { search } from '../../../main/catalog/search.ts';
import { Writing } from '../../../main/catalog/writing.ts';
import { applySnapshots, type FakeSnapshot, type FolderState, sha, TreeWorld } from '../../support/catalog-world.ts';

/** The process ends at any point at which something was just committed; the next update makes it right. */

class Killed extends Error {}

/** Commits at every pause; what comes after so many of them is lost with the process. */
class KilledWriting extends Writing {
  readonly #connection: Database;
  #left: number;

  constructor(connection: Database, left: number) {
    super(connection);
    this.#connection = connection;
    this.#left = left;
  }

  override async pause(): Promise<void> {
    if (this.#left-- === 0) throw new Killed();
    this.#connection.run('COMMIT');
    this.#connection.run('BEGIN IMMEDIATE');
  }
}

let database: Database;
beforeEach(() => {
  database = Database.open(':memory:');
});
afterEach(() => database.close());

const file = (content: string): FolderState[string] => ({ content, mtime: 1 });
const STATES: readonly FolderState[] = [
  { a: file('one'), 'd/e': file('one'), 'd/f': file('one') },
  { 'd/e': file('two'), 'new/folder/x': file('x') },
  { a: file('one'), 'new/folder/y': file('y') },
  { 'd/e': file('two'), b: file('b'), new: file('a file now') },
  { a: file('one'), 'd/e': file('two'), 'new/folder/y': file('y') },
];

async function killed(
  part: FolderPart,
  { now, world, left }: { now: readonly FakeSnapshot[]; world: TreeWorld; left: number },
): Promise<'killed' | 'done'> {
  const writing = new KilledWriting(database, left);
  try {
    await writing.run(async () => {
      database.run('DELETE FROM snapshot WHERE folder = ?', part.number);
      for (const { destination, id, time, tree } of now)
        database.run('INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, NULL)', part.number, destination, id, time, tree);
      await applyMoments(part, world.read, writing);
    });
    return 'done';
  } catch (error) {
    if (error instanceof Killed) return 'killed';
    throw error;
  }
}

function answersOf(part: FolderPart): unknown {
  const moments = momentsOf(part);
  const found = ['all', 'deleted'].flatMap(
    (which) =>
      search([{ folderId: 'f', part }], { text: 'e', which: which as 'all' | 'deleted', limit: 50 }).hits as unknown[],
  );
  const folders = moments.map(({ id }) => browse(part, id, ''));
  return { moments, found, folders, versions: versionsOf(part, Buffer.from('d/e').toString('base64url')) };
}

it.each([
  ['a moment more', [0, 1], [0, 1, 2]],
  ['one in between', [0, 2], [0, 1, 2]],
  ['one in between without a folder that stands before and after', [0, 2, 4], [0, 2, 3, 4]],
  ['one in between with a file where a folder stands before and after', [1, 2, 4], [1, 2, 3, 4]],
  ['the newest forgotten', [0, 1, 2], [0, 1]],
  ['two forgotten', [0, 1, 2], [0]],
  ['an older one forgotten', [0, 1, 2], [0, 2]],
])('%s: whatever was committed when the process ended', async (_name, before, after) => {
  const world = new TreeWorld();
  const all = STATES.map((state, position): FakeSnapshot => {
    return { destination: 'disk', id: sha(`${position}`), time: 1_000_000 * (position + 1), tree: world.add(state) };
  });
  const those = (positions: readonly number[]) => all.filter((_, position) => positions.includes(position));
  const expected = answersOf(await applySnapshots(database, 'expected', those(after), world));
  for (let left = 0, outcome = 'killed'; outcome === 'killed'; left++) {
    const folderId = `f${left}`;
    outcome = await killed(await applySnapshots(database, folderId, those(before), world), {
      ...{ now: those(after), world, left },
    });
    if (left % 2 === 1) {
      expect(answersOf(await applySnapshots(database, folderId, those(after), world))).toEqual(expected);
      continue;
    }
    // A second one meets what the first has left, and comes to its end sooner or later.
    await killed(FolderPart.open(database, folderId, `/${folderId}`), { now: those(after), world, left: left % 3 });
    expect(answersOf(await applySnapshots(database, folderId, those(after), world))).toEqual(expected);
  }
});
