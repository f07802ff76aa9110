import { useInfiniteQuery } from '@tanstack/react-query';
import type { Input } from '../../main/api/contract/contract.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import { useClient, useData } from '../data.ts';

export interface RunList {
  readonly all: readonly Run[];
  readonly state: 'loading' | 'more' | 'complete';
  readonly error: unknown;
  loadMore(): void;
  retry(): void;
}

/** The newest runs, kept up to date by events, and the older ones page by page. */
export function useRuns(input: Input<'runs.list'> & { readonly limit: number }): RunList {
  const client = useClient();
  const newest = useData('runs.list', input);
  // Where the first page ended when it came: new runs make it longer, but the older ones still begin there.
  const first = newest.data;
  const older = useInfiniteQuery({
    queryKey: ['runs.older', input],
    queryFn: ({ pageParam }) => client.call('runs.list', { ...input, before: pageParam }),
    initialPageParam: first?.at(-1)?.createdAt ?? '',
    getNextPageParam: (page) => (page.length < input.limit ? undefined : page.at(-1)?.createdAt),
    enabled: false,
  });
  const pages = older.data?.pages ?? [];
  const all = [...new Map([...(first ?? []), ...pages.flat()].map((run) => [run.id, run])).values()];
  const state =
    first === undefined
      ? 'loading'
      : (pages.length === 0 ? first.length >= input.limit : older.hasNextPage) && older.error === null
        ? 'more'
        : 'complete';
  return {
    all,
    state: newest.error === null ? state : 'complete',
    error: newest.error ?? older.error,
    loadMore: () => {
      if (older.isFetching) return;
      void (pages.length === 0 ? older.refetch() : older.fetchNextPage());
    },
    retry: () => {
      if (newest.error !== null) void newest.refetch();
      if (older.error !== null) void older.refetch();
    },
  };
}
