import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Input } from '../../main/api/contract/contract.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import { useClient } from '../data.ts';

export interface RunList {
  /** Newest first. */
  readonly all: readonly Run[];
  readonly state: 'loading' | 'more' | 'complete';
  readonly error: unknown;
  loadMore(): void;
  retry(): void;
}

/** The newest runs, kept up to date by events (`live.ts`), and the older ones page by page. */
export function useRuns(input: Input<'runs.list'> & { readonly limit: number }): RunList {
  const client = useClient();
  const query = useInfiniteQuery({
    queryKey: ['runs.pages', input],
    queryFn: ({ pageParam }) =>
      client.call('runs.list', pageParam === undefined ? input : { ...input, after: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: readonly Run[]): string | undefined =>
      page.length < input.limit ? undefined : page.at(-1)?.id,
    // Pages that nobody looks at would be asked for again, one after the other, at the next look.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const pages = query.data?.pages;
  // One that ended between two pages is on the first, where it was under way, and in its place.
  const all = useMemo(() => [...new Map(pages?.flat().map((run) => [run.id, run])).values()], [pages]);
  return {
    all,
    state: query.isPending ? 'loading' : query.hasNextPage && query.error === null ? 'more' : 'complete',
    error: query.error,
    loadMore: () => {
      if (!query.isFetching) void query.fetchNextPage();
    },
    retry: () => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch()),
  };
}
