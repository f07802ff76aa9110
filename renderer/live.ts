import { notifications } from '@mantine/notifications';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Folder } from '../main/api/contract/folders.ts';
import type { Run } from '../main/api/contract/runs.ts';
import type { Client } from './client.ts';

/** Lets events update what is on screen, so that no screen polls. Gives back what ends it. */
export function followEvents(client: Client, cache: QueryClient): () => void {
  const endings = [
    client.subscribe('folders.changed', (folders) => cache.setQueryData(['folders.list', {}], folders)),
    client.subscribe('destinations.changed', (list) => cache.setQueryData(['destinations.list', {}], list)),
    client.subscribe('settings.changed', (settings) => cache.setQueryData(['settings.get', {}], settings)),
    client.subscribe('system.changed', (info) => cache.setQueryData(['system.info', {}], info)),
    client.subscribe('history.changed', () => {
      void cache.invalidateQueries({ queryKey: ['history.pastFolders'] });
      void cache.invalidateQueries({ queryKey: ['history.moments'] });
      void cache.invalidateQueries({ queryKey: ['history.search'] });
      void cache.invalidateQueries({ queryKey: ['history.versions'] });
    }),
    client.subscribe('run.changed', (run) => applyRun(cache, run)),
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

function applyRun(cache: QueryClient, run: Run): void {
  cache.setQueryData(['runs.get', { id: run.id }], run);
  for (const query of cache.getQueryCache().findAll({ queryKey: ['runs.list'] })) {
    const filter = query.queryKey[1] as RunFilter;
    cache.setQueryData<Run[]>(query.queryKey, (runs) => (runs === undefined ? undefined : mergeRun(runs, run, filter)));
  }
  for (const query of cache.getQueryCache().findAll({ queryKey: ['runs.pages'] })) {
    const filter = query.queryKey[1] as RunFilter;
    cache.setQueryData<RunPages>(query.queryKey, (all) =>
      all === undefined ? undefined : mergePages(all, run, filter),
    );
  }
  cache.setQueryData<Folder[]>(['folders.list', {}], (folders) =>
    folders?.map((folder) => (folder.id === run.folderId ? withRun(folder, run) : folder)),
  );
}

interface RunFilter {
  readonly folderId?: string;
  readonly kinds?: readonly string[];
  readonly states?: readonly string[];
}

/** The list with `run` in its newest state: replaced where it stands, put on top when it is new and fits the filter. */
export function mergeRun(runs: readonly Run[], run: Run, filter: RunFilter): Run[] {
  if (runs.some(({ id }) => id === run.id)) return runs.map((old) => (old.id === run.id ? run : old));
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
