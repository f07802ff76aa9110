import type { Run } from '../../main/api/contract/runs.ts';
import { dayName } from '../parts/format.ts';

/** A line of the list: a day's name, or a run with its place in the card of its day. */
export type Row = { readonly day: string } | { readonly run: Run; readonly edge: 'first' | 'last' | 'only' | 'inner' };

/** Each day's name before its runs; each run knows where in its day it stands. */
export function withDays(runs: readonly Run[], now: number): readonly Row[] {
  const ordered = runs.toSorted((a, b) => endOf(b).localeCompare(endOf(a)));
  return [...Map.groupBy(ordered, (run) => dayName(endOf(run), now))].flatMap(([day, group]) => [
    { day },
    ...group.map((run, at) => ({ run, edge: edgeOf(at, group.length) })),
  ]);
}

function endOf(run: Run): string {
  return run.endedAt ?? run.createdAt;
}

function edgeOf(at: number, count: number): 'first' | 'last' | 'only' | 'inner' {
  if (count === 1) return 'only';
  return at === 0 ? 'first' : at === count - 1 ? 'last' : 'inner';
}

export function isDay(row: Row | undefined): row is { readonly day: string } {
  return row !== undefined && 'day' in row;
}
