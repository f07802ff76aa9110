import { hasCode } from '../engine/errors.ts';
import { appendMoment } from './append-moment.ts';
import type { FolderPart, StoredMoment } from './folder-part.ts';
import { forgetMoments, recount } from './forget-moments.ts';
import { insertMoment } from './insert-moment.ts';
import { joinMoments, type KnownSnapshot, matchMoments, type WantedMoment } from './moments.ts';
import type { ReadTrees } from './read-trees.ts';
import type { Writing } from './writing.ts';

/** From so many moments in between on, reading all again is quicker than fitting each in. */
const MOST_INSERTED = 8;

/** Microseconds before the first moment in which earlier ones find their keys. */
const ROOM = 2 ** 32;

interface Row extends Omit<KnownSnapshot, 'tree'> {
  readonly tree: string | null;
  readonly at: number | null;
}

/**
 * Brings the folder's moments to what the known snapshots give. Only moments that are new are read; those that are
 * forgotten go without reading. A moment that cannot be read is left out, and tried again with the next call.
 */
export async function applyMoments(part: FolderPart, readTrees: ReadTrees, writing: Writing): Promise<void> {
  await dropUnfinished(part, writing);
  const rows = part.database.all<Row>(
    'SELECT destination, id, time, tree, at FROM snapshot WHERE folder = ?',
    part.number,
  );
  const wanted = joinMoments(rows.flatMap(({ tree, ...row }) => (tree === null ? [] : [{ ...row, tree }])));
  let matched = match(part, wanted);
  if (await isBetterRead(part, wanted, matched, readTrees)) {
    part.clear();
    matched = match(part, wanted);
  } else {
    const kept = new Set(matched.map((position) => part.moments[position]?.at));
    const lost = part.moments.map(({ at }) => at).filter((at) => !kept.has(at));
    if (lost.length > 0) await forgetMoments(part, lost, writing);
    matched = match(part, wanted);
  }
  part.database.run(
    `UPDATE snapshot SET at = NULL WHERE folder = ?1 AND at IS NOT NULL
      AND at NOT IN (SELECT at FROM moment WHERE folder = ?1)`,
    part.number,
  );
  const known = matched.map((position) => part.moments[position]);
  for (const [position, moment] of wanted.entries()) {
    const stored = known[position];
    if (stored) {
      rename(part, stored, moment);
      continue;
    }
    const after = known.slice(position + 1).find(Boolean);
    const added = await addMoment(part, moment, { after, readTrees, writing });
    if (added === 'no-room' && (await areReadable(wanted, readTrees))) {
      part.clear(); // read in order, every moment has a key
      return applyMoments(part, readTrees, writing);
    }
  }
}

function match(part: FolderPart, wanted: readonly WantedMoment[]): readonly number[] {
  return matchMoments(
    part.moments.map(({ tree }) => tree),
    wanted.map(({ tree }) => tree),
  );
}

/** Many moments between known ones: all over again, if all that is known can be read now. */
async function isBetterRead(
  part: FolderPart,
  wanted: readonly WantedMoment[],
  matched: readonly number[],
  readTrees: ReadTrees,
): Promise<boolean> {
  const last = matched.findLastIndex((position) => position >= 0);
  if (last < 0) return part.moments.length > 0;
  const between = matched.slice(0, last).filter((position) => position < 0).length;
  if (between <= MOST_INSERTED) return false;
  return areReadable(wanted, readTrees);
}

async function areReadable(wanted: readonly WantedMoment[], readTrees: ReadTrees): Promise<boolean> {
  try {
    await readTrees(wanted.map(({ tree }) => tree));
    return true;
  } catch (error) {
    if (hasCode(error, 'cancelled')) throw error;
    return false;
  }
}

/** The process ended in the middle of a moment, or its trees could not be read to the end. */
export async function dropUnfinished(part: FolderPart, writing: Writing): Promise<void> {
  const unfinished = part.moments.filter(({ state }) => state === 0).map(({ at }) => at);
  if (unfinished.length > 0) await forgetMoments(part, unfinished, writing);
}

async function addMoment(
  part: FolderPart,
  wanted: WantedMoment,
  { after, readTrees, writing }: { after: StoredMoment | undefined; readTrees: ReadTrees; writing: Writing },
): Promise<'done' | 'no-room'> {
  const at = keyFor(part, wanted.time, after);
  if (at === undefined) return 'no-room';
  const [first] = wanted.snapshots;
  const { time, tree } = wanted;
  const nothing = { added: 0, changed: 0, removed: 0, files: 0 };
  const moment: StoredMoment = { at, id: first?.id ?? '', time, tree, ...nothing, state: 0 };
  try {
    const before = part.upTo(at)?.files ?? 0;
    part.addMoment(moment);
    if (after) {
      const files = await insertMoment(part, moment, readTrees, writing);
      for (const changed of [{ ...moment, files }, part.from(at + 1)])
        if (changed) await recount(part, changed, writing);
      // Whole only when the one that follows is counted anew as well.
      part.addMoment({ ...(part.from(at) ?? moment), state: 1 });
    } else {
      const changes = await appendMoment(part, moment, readTrees, writing);
      const files = before + changes.added - changes.removed;
      part.addMoment({ ...moment, ...changes, files, state: 1 });
    }
  } catch (error) {
    if (!hasCode(error, 'repo/damaged', 'repo/blob-missing', 'store/corrupt')) throw error;
    await forgetMoments(part, [at], writing);
    return 'done';
  }
  bind(part, at, wanted);
  return 'done';
}

/**
 * A key between the neighbours: its time where that fits, else the middle, so that others find room beside it; undefined
 * when there is none. A known moment keeps its key when a later snapshot gives it another time, so keys and times differ.
 */
function keyFor(part: FolderPart, time: number, after: StoredMoment | undefined): number | undefined {
  const before = after ? part.upTo(after.at - 1)?.at : part.newest?.at;
  if (!after) return before === undefined ? time : Math.max(time, before + 1);
  const low = before ?? after.at - ROOM;
  if (time < after.at && (before === undefined || time > before)) return time;
  const middle = low + Math.floor((after.at - low) / 2);
  return middle > low ? middle : undefined;
}

/** The same moment, perhaps under the name of another snapshot now. */
function rename(part: FolderPart, stored: StoredMoment, wanted: WantedMoment): void {
  const id = wanted.snapshots[0]?.id ?? '';
  if (stored.id !== id || stored.time !== wanted.time) {
    const now = part.from(stored.at) ?? stored; // its counts may have been made anew meanwhile
    part.addMoment({ ...now, id, time: wanted.time });
  }
  bind(part, stored.at, wanted);
}

function bind({ database, number }: FolderPart, at: number, { snapshots }: WantedMoment): void {
  for (const { destination, id } of snapshots)
    database.run(
      'UPDATE snapshot SET at = ?1 WHERE folder = ?2 AND destination = ?3 AND id = ?4 AND at IS NOT ?1',
      ...[at, number, destination, id],
    );
}
