import { isAbsolute } from 'node:path';
import { TriplicateError } from '../errors.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { loadIndex } from '../repository/blob-index.ts';
import { walkColumns } from '../walk/walk-columns.ts';
import { Decision } from './decision.ts';
import { EntryTable } from './entry-table.ts';
import { matcher, patternMatcher, segmentsOf } from './include.ts';
import { PlannedEntries } from './planned-entries.ts';
import type { RestoreLeftOut, RestorePlan, RestoreRequest } from './request.ts';
import { Selection } from './selection.ts';
import { deviceAt } from './target-guard.ts';
import { TargetPaths } from './target-paths.ts';

/**
 * Looks at the snapshot and at the target and says what a restore would do. Writes nothing.
 * @throws `restore/target-invalid`, `path/not-found` when an included path is not in the snapshot, `repo/…`, `store/…`
 */
export async function planRestore(request: RestoreRequest): Promise<RestorePlan> {
  if (!isAbsolute(request.target)) {
    throw new TriplicateError('restore/target-invalid', `The target ${request.target} is not an absolute path.`);
  }
  const options = request.signal ? { signal: request.signal } : {};
  const device = deviceAt(request.target);
  const index = request.index ?? (await loadIndex(request.repository, { ...options, onDamage: 'report' })).index;
  const from = request.from === undefined ? [] : segmentsOf(request.from);
  const table = new EntryTable(from.length);
  const entries = new PlannedEntries(table, index);
  const paths = new TargetPaths(request.target, table);
  try {
    const decision = new Decision(request, index, entries, paths, device);
    const notTaken = await selectEntries(request, index, table, decision);
    const { counts, bytes, measured } = decision;
    const { devices } = decision.disks;
    const leftOut = [...notTaken, ...decision.leftOut];
    return { request, index, measured, device, devices, entries, counts, bytes, leftOut };
  } finally {
    paths.close();
  }
}

/** Gives what was not even looked for in the target. */
async function selectEntries(
  request: RestoreRequest,
  index: BlobIndex,
  table: EntryTable,
  decision: Decision,
): Promise<readonly RestoreLeftOut[]> {
  const { repository, tree, includePatterns = [], signal } = request;
  const from = request.from === undefined ? [] : segmentsOf(request.from);
  const include = includePatterns.length > 0 ? patternMatcher(includePatterns) : matcher(from, request.include);
  const selection = new Selection(include, table, decision);
  await walkColumns(repository, index, selection.root(tree), selection, signal);
  const unmatched = include.unmatched();
  const nothing = includePatterns.length === 0 ? unmatched.length > 0 : selection.found === 0;
  if (nothing && selection.leftOut.length === 0) {
    throw new TriplicateError('path/not-found', `The snapshot does not contain ${unmatched[0] ?? includePatterns[0]}.`);
  }
  const missing = unmatched.map(
    (path): RestoreLeftOut => ({ path, reason: 'missing', text: 'The snapshot does not contain it.' }),
  );
  return [...selection.leftOut, ...missing];
}
