import { notifications } from '@mantine/notifications';
import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/react-query';
import type { Folder } from '../main/api/contract/folders.ts';
import type { Run } from '../main/api/contract/runs.ts';
import type { Client } from './client.ts';

/** Lets events update what is on screen, so that no screen polls. Gives back what ends it. */
export function followEvents(client: Client, cache: QueryClient): () => void {
  const late = new LateRuns();
  const endings = [
    client.subscribe('folders.changed', (folders) => keep(cache, ['folders.list', {}], folders)),
    client.subscribe('destinations.changed', (list) => keep(cache, ['destinations.list', {}], list)),
    client.subscribe('settings.changed', (settings) => keep(cache, ['settings.get', {}], settings)),
    client.subscribe('system.changed', (info) => keep(cache, ['system.info', {}], info)),
    client.subscribe('history.changed', ({ folderId }) => {
      void cache.invalidateQueries({ queryKey: ['history.pastFolders'] });
      void cache.invalidateQueries({ queryKey: ['history.moments'] });
      void cache.invalidateQueries({ queryKey: ['history.search'] });
      void cache.invalidateQueries({ queryKey: ['history.versions'] });
      // An old moment stays as it was, but what of it is still there does not.
      void cache.invalidateQueries({
        queryKey: ['history.browse'],
        predicate: ({ queryKey }) => (queryKey[1] as { folderId?: string }).folderId === folderId,
      });
    }),
    client.subscribe('run.changed', (run) => applyRun(cache, run, late)),
    late.follow(cache),
    client.subscribe('notice', (notice) => {
      const color = notice.level === 'error' ? 'brick' : notice.level === 'warning' ? 'yellow' : 'pine';
      notifications.show({ color, title: notice.title, message: notice.text, autoClose: 10_000 });
    }),
    client.onConnection((connection) => {
      // Events were missed while the link was down.
      if (connection === 'open') void cache.invalidateQueries();
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}

/**
 * Takes over the state that an event brought. An answer that is still on its way may be from before it, and nothing would put it
 * right: what has ended, for example, sends no more events.
 */
function keep(cache: QueryClient, queryKey: QueryKey, state: unknown): void {
  void cache.cancelQueries({ queryKey, exact: true });
  cache.setQueryData(queryKey, state);
}

function applyRun(cache: QueryClient, run: Run, late: LateRuns): void {
  keep(cache, ['runs.get', { id: run.id }], run);
  for (const query of cache.getQueryCache().findAll({ predicate: isRunList })) {
    if (query.state.fetchStatus === 'fetching') late.add(query, run);
    mergeInto(cache, query, run);
  }
  cache.setQueryData<Folder[]>(['folders.list', {}], (folders) =>
    folders?.map((folder) => (folder.id === run.folderId ? withRun(folder, run) : folder)),
  );
}

/** Runs that moved on while a list with them was on its way: they are put into the answer, which may be older. */
class LateRuns {
  readonly #waiting = new Map<string, Map<string, Run>>();

  add({ queryHash }: Query, run: Run): void {
    const runs = this.#waiting.get(queryHash) ?? new Map<string, Run>();
    this.#waiting.set(queryHash, runs.set(run.id, run));
  }

  /** Gives back what ends it. */
  follow(cache: QueryClient): () => void {
    return cache.getQueryCache().subscribe((event) => {
      if (event.type !== 'updated' || event.query.state.fetchStatus === 'fetching') return;
      const runs = this.#waiting.get(event.query.queryHash);
      this.#waiting.delete(event.query.queryHash);
      for (const run of runs?.values() ?? []) mergeInto(cache, event.query, run);
    });
  }
}

function isRunList({ queryKey }: Query): boolean {
  return queryKey[0] === 'runs.list' || queryKey[0] === 'runs.pages';
}

function mergeInto(cache: QueryClient, { queryKey }: Query, run: Run): void {
  const filter = queryKey[1] as RunFilter;
  if (queryKey[0] === 'runs.pages')
    cache.setQueryData<RunPages>(queryKey, (all) => all && mergePages(all, run, filter));
  else cache.setQueryData<Run[]>(queryKey, (runs) => runs && mergeRun(runs, run, filter));
}

interface RunFilter {
  readonly folderId?: string;
  readonly kinds?: readonly string[];
  readonly states?: readonly string[];
}

/** The list with `run` in its newest state: replaced where it stands, put on top when it is new and fits the filter. */
export function mergeRun(runs: readonly Run[], run: Run, filter: RunFilter): Run[] {
  const known = runs.find(({ id }) => id === run.id);
  // What has ended stays ended, whatever comes late.
  if (known !== undefined) return runs.map((old) => (old === known && (isLive(old) || !isLive(run)) ? run : old));
  const fits =
    (filter.folderId === undefined || filter.folderId === run.folderId) &&
    (filter.kinds === undefined || filter.kinds.includes(run.kind)) &&
    (filter.states === undefined || filter.states.includes(run.state));
  return fits ? [run, ...runs] : [...runs];
}

type RunPages = InfiniteData<Run[], string | undefined>;

/** The same for a list that comes in pages: what is new stands on the first. */
export function mergePages(all: RunPages, run: Run, filter: RunFilter): RunPages {
  const home = all.pages.findIndex((page) => page.some(({ id }) => id === run.id));
  const place = Math.max(0, home);
  return { ...all, pages: all.pages.map((page, at) => (at === place ? mergeRun(page, run, filter) : page)) };
}

/** True while a run waits or works. */
export function isLive(run: Run): boolean {
  return run.state === 'queued' || run.state === 'running';
}

function withRun(folder: Folder, run: Run): Folder {
  // Several runs may work for one folder; the one that is shown stays until it ends.
  const shown = folder.activeRun === null || folder.activeRun.id === run.id;
  if (isLive(run)) return run.kind === 'backup' && shown ? { ...folder, activeRun: run } : folder;
  return folder.activeRun?.id === run.id ? { ...folder, activeRun: null } : folder;
}
