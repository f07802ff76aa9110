import type { Input } from '../../api/contract/contract.ts';
import type { Run } from '../../api/contract/runs.ts';

export type RunFilter = Omit<Input<'runs.list'>, 'limit'>;

/** One page of `runs` (newest first) that fits `filter`. A run to begin after that is no longer kept has none after it. */
export function pageOfRuns(runs: readonly Run[], filter: RunFilter, limit: number): Run[] {
  const { after, folderId, kinds, states } = filter;
  const start = after === undefined ? 0 : runs.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) return [];
  return runs
    .slice(start)
    .filter(
      (run) =>
        (folderId === undefined || run.folderId === folderId) &&
        (kinds === undefined || kinds.includes(run.kind)) &&
        (states === undefined || states.includes(run.state)),
    )
    .slice(0, limit);
}
