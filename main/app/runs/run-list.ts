import type { Input } from '../../api/contract/contract.ts';
import type { Run, RunState } from '../../api/contract/runs.ts';

export type RunFilter = Omit<Input<'runs.list'>, 'limit'>;

/**
 * One page of `runs` (newest first) that fits `filter`. A run to begin after that is no longer kept has none after it. What waits
 * or works stands on the first page, however much has come after it: on the way to a slow place it may be days old.
 */
export function pageOfRuns(runs: readonly Run[], filter: RunFilter, limit: number): Run[] {
  const { after, folderId, kinds, states } = filter;
  const start = after === undefined ? 0 : runs.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) return [];
  const fitting = runs
    .slice(start)
    .filter(
      (run) =>
        (folderId === undefined || run.folderId === folderId) &&
        (kinds === undefined || kinds.includes(run.kind)) &&
        (states === undefined || states.includes(run.state)),
    );
  if (after !== undefined) return fitting.filter(({ state }) => !isOpen(state)).slice(0, limit);
  return [...fitting.slice(limit).filter(({ state }) => isOpen(state)), ...fitting.slice(0, limit)];
}

/** True for what waits or works. */
export function isOpen(state: RunState): boolean {
  return state === 'queued' || state === 'running';
}
