import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browse, momentsOf, versionsOf } from '../../main/catalog/answers.ts';
import { Database } from '../../main/catalog/database.ts';
import type { FolderPart } from '../../main/catalog/folder-part.ts';
import { joinMoments } from '../../main/catalog/moments.ts';
import { search } from '../../main/catalog/search.ts';
import { applySnapshots, type FakeSnapshot, type FolderState, sha, TreeWorld } from '../support/catalog-world.ts';

/** Random folders over time: the catalog answers as a naive model does, and as one that is built from nothing. */

// Files and directories of the same name, a name that is not UTF-8, names that fold alike.
const PATHS = ['a', 'a/b', 'a/b/c.txt', 'a/B.txt', 'd', 'd/é', 'd/e', 'x\xff/y', 'Report 2024.pdf', 'old/report.txt'];

const state: fc.Arbitrary<FolderState> = fc
  .array(
    fc.record({
      path: fc.constantFrom(...PATHS),
      content: fc.constantFrom('', 'one', 'two'),
      mtime: fc.constantFrom(1, 2),
    }),
    {
      maxLength: 8,
    },
  )
  .map((files) => {
    const chosen: Record<string, FolderState[string]> = {};
    for (const { path, ...value } of files) {
      const clash = Object.keys(chosen).some((one) => one.startsWith(`${path}/`) || path.startsWith(`${one}/`));
      if (!clash) chosen[path] = value;
    }
    return chosen;
  });

interface World {
  readonly trees: TreeWorld;
  readonly states: Map<string, FolderState>;
}

/** What stands at a path of a state: a file, or a directory with something in it. */
function standing(folder: FolderState | undefined, path: string): string | undefined {
  if (!folder) return undefined;
  const file = folder[path];
  if (file) return `file ${file.content}`;
  return Object.keys(folder).some((one) => one.startsWith(`${path}/`)) ? 'dir' : undefined;
}

const everyPath = [
  ...new Set(PATHS.flatMap((path) => path.split('/').map((_, i, all) => all.slice(0, i + 1).join('/')))),
];
const keyOf = (path: string): string => Buffer.from(path, 'latin1').toString('base64url');
const textOf = (path: string): string => Buffer.from(path, 'latin1').toString('utf8');
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();

function expectModel(part: FolderPart, snapshots: readonly FakeSnapshot[], { states }: World): void {
  const moments = joinMoments(snapshots);
  const folders = moments.map(({ tree }) => states.get(tree));
  const newest = folders.at(-1);
  expect(momentsOf(part).map(({ id }) => id)).toEqual(moments.map(({ snapshots: [first] }) => first?.id).reverse());
  for (const [position, info] of momentsOf(part).toReversed().entries()) {
    const counts = { added: 0, changed: 0, removed: 0 };
    for (const path of PATHS) {
      const [before, after] = [folders[position - 1]?.[path], folders[position]?.[path]];
      if (before && after) counts.changed += before.content === after.content ? 0 : 1;
      else if (after) counts.added++;
      else if (before) counts.removed++;
    }
    expect(info.changes).toEqual(counts);
    const holders = new Map(moments[position]?.snapshots.map(({ destination, id }) => [destination, id]));
    expect(new Map(info.copies.map(({ destinationId, snapshotId }) => [destinationId, snapshotId]))).toEqual(holders);
    for (const directory of ['', ...everyPath]) {
      const isThere = directory === '' || standing(folders[position], directory) === 'dir';
      if (!isThere) {
        expect(() => browse(part, info.id, keyOf(directory))).toThrow();
        continue;
      }
      const prefix = directory === '' ? '' : `${directory}/`;
      const inside = everyPath.filter(
        (path) =>
          path.startsWith(prefix) && !path.slice(prefix.length).includes('/') && standing(folders[position], path),
      );
      const listed = browse(part, info.id, keyOf(directory));
      expect(listed.map(({ key }) => key).sort()).toEqual(inside.map(keyOf).sort());
      for (const entry of listed) {
        const path = Buffer.from(entry.key, 'base64url').toString('latin1');
        const file = folders[position]?.[path];
        expect(entry).toMatchObject({
          path: textOf(path),
          type: file ? 'file' : 'dir',
          size: file?.content.length ?? 0,
          existsNow: standing(newest, path) !== undefined,
        });
        if (file) expect(entry.modifiedAt).toBe(new Date(file.mtime).toISOString());
      }
    }
  }
  for (const path of everyPath) expectVersions(part, path, folders, moments);
  for (const text of ['a', 'b', 'rep', 'REPORT', 'report 2024', 'é', 'txt', 'd', 'old', 'x'])
    for (const which of ['all', 'deleted'] as const) expectSearch(part, { text, which }, folders);
  expectDeleted(part, folders);
}

/** Without a word: what is gone, the last first; what went together with its directory is not named beside it. */
function expectDeleted(part: FolderPart, folders: readonly (FolderState | undefined)[]): void {
  const lastAt = (path: string): number => folders.findLastIndex((folder) => standing(folder, path) !== undefined);
  const isGone = (path: string): boolean => lastAt(path) >= 0 && lastAt(path) < folders.length - 1;
  const parent = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const expected = everyPath.filter(
    (path) => isGone(path) && !(isGone(parent(path)) && lastAt(parent(path)) === lastAt(path)),
  );
  const { hits, more } = search([{ folderId: 'f', part }], { text: ' ', which: 'deleted', limit: 100 });
  expect(hits.map(({ key }) => key).sort()).toEqual(expected.map(keyOf).sort());
  expect(more).toBe(false);
  const times = hits.map(({ lastSeenAt }) => lastSeenAt);
  expect(times).toEqual(times.toSorted().reverse());
  expect(search([{ folderId: 'f', part }], { text: ' ', which: 'all', limit: 100 }).hits).toEqual([]);
}

function expectVersions(
  part: FolderPart,
  path: string,
  folders: readonly (FolderState | undefined)[],
  moments: ReturnType<typeof joinMoments>,
): void {
  const runs: { value: string; first: number; last: number }[] = [];
  for (const [position, folder] of folders.entries()) {
    const value = standing(folder, path);
    const run = runs.at(-1);
    if (value === undefined) continue;
    if (run?.value === value && run.last === position - 1) run.last = position;
    else runs.push({ value, first: position, last: position });
  }
  if (runs.length === 0) {
    expect(() => versionsOf(part, keyOf(path))).toThrow();
    return;
  }
  const versions = versionsOf(part, keyOf(path)).toReversed();
  expect(versions.map(({ momentId, current }) => ({ momentId, current }))).toEqual(
    runs.map(({ last }) => ({ momentId: moments[last]?.snapshots[0]?.id, current: last === moments.length - 1 })),
  );
  for (const [position, { value, first, last }] of runs.entries()) {
    const held = moments.slice(first, last + 1).flatMap(({ snapshots }) => snapshots.map((one) => one.destination));
    expect(versions[position]?.destinationIds).toEqual([...new Set(held)].sort());
    if (value === 'file one')
      expect(versions[position]?.contentKey).toBe(Buffer.from(sha('one').slice(0, 32), 'hex').toString('base64url'));
  }
}

function expectSearch(
  part: FolderPart,
  query: { readonly text: string; readonly which: 'all' | 'deleted' },
  folders: readonly (FolderState | undefined)[],
): void {
  const words = plain(query.text).split(' ');
  const known = everyPath.filter((path) => folders.some((folder) => standing(folder, path) !== undefined));
  const fits = (text: string): boolean => words.every((word) => plain(text).includes(word));
  const wanted = known.filter((path) => query.which === 'all' || standing(folders.at(-1), path) === undefined);
  // Words of one or two letters are looked for in names only.
  const long = words.some((word) => word.length > 2);
  const expected = wanted.filter((path) => fits(textOf(long ? path : path.slice(path.lastIndexOf('/') + 1))));
  const { hits, more } = search([{ folderId: 'f', part }], { ...query, limit: 100 });
  expect(hits.map(({ key }) => key).sort()).toEqual(expected.map(keyOf).sort());
  expect(more).toBe(false);
  const named = hits.map(({ name }) => fits(name));
  expect(named).toEqual(named.toSorted((a, b) => Number(b) - Number(a)));
}

describe('the catalog', () => {
  let database: Database;
  let fresh: Database;
  beforeEach(() => {
    database = Database.open(':memory:');
    fresh = Database.open(':memory:');
  });
  afterEach(() => {
    database.close();
    fresh.close();
  });

  const history = fc.array(
    fc.record({
      state,
      destination: fc.constantFrom('disk', 'cloud'),
      known: fc.constantFrom(1, 2, 3),
      kept: fc.constantFrom(1, 2, 3),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it('answers as a model does, whatever comes late and is forgotten, and as one that is new', async () => {
    let folders = 0; // shrinking repeats its values: a folder of an earlier attempt must not be met again
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const folderId = `folder-${folders++}`;
        const world: World = { trees: new TreeWorld(), states: new Map() };
        const snapshots = steps.map((step, position) => {
          const tree = world.trees.add(step.state);
          world.states.set(tree, step.state);
          return { ...step, tree, id: sha(`${position} ${tree}`), time: 1_000_000 * (position + 1) };
        });
        // Some are known from the start, others come later, in between; then some are forgotten.
        for (const round of [1, 2, 3]) {
          const now = snapshots.filter(({ known }) => known <= round);
          expectModel(await applySnapshots(database, folderId, now, world.trees), now, world);
        }
        for (const round of [2, 3]) {
          const now = snapshots.filter(({ kept }) => kept >= round);
          const part = await applySnapshots(database, folderId, now, world.trees);
          expectModel(part, now, world);
          const other = await applySnapshots(fresh, `${folderId}-${round}`, now, world.trees);
          expect(momentsOf(part)).toEqual(momentsOf(other));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('finds a place for a moment that comes late, also where no time is left between the known ones', async () => {
    const world: World = { trees: new TreeWorld(), states: new Map() };
    const states: readonly FolderState[] = [
      {},
      { a: { content: 'one', mtime: 1 } },
      {},
      { d: { content: '', mtime: 1 } },
    ];
    const all = states.map((folder, position): FakeSnapshot => {
      const tree = world.trees.add(folder);
      world.states.set(tree, folder);
      return { destination: 'disk', id: sha(`${position}`), time: 1 + Math.min(position, 1), tree };
    });
    const late = all.filter((_, position) => position !== 1);
    expectModel(await applySnapshots(database, 'f', late, world.trees), late, world);
    expectModel(await applySnapshots(database, 'f', all, world.trees), all, world);
  });

  it('reads nothing again when nothing is new, and only what is new', async () => {
    const world = new TreeWorld();
    const first = world.add({ 'a/one': { content: '1', mtime: 1 }, 'b/two': { content: '2', mtime: 1 } });
    const second = world.add({ 'a/one': { content: '1', mtime: 1 }, 'b/two': { content: '3', mtime: 2 } });
    const snapshot = (tree: string, time: number): FakeSnapshot => ({
      destination: 'disk',
      id: sha(`${time}`),
      time,
      tree,
    });
    await applySnapshots(database, 'f', [snapshot(first, 1)], world);
    expect(world.reads).toBe(3);
    world.lose(first);
    await applySnapshots(database, 'f', [snapshot(first, 1), snapshot(second, 2)], world);
    expect(world.reads).toBe(5);
    await applySnapshots(database, 'f', [snapshot(second, 2)], world);
    expect(world.reads).toBe(5);
  });
});
