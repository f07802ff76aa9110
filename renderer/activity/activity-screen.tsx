import { SegmentedControl, Select } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Run, RunKind } from '../../main/api/contract/runs.ts';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { isLive } from '../live.ts';
import card from '../parts/card.module.css';
import { Failure } from '../parts/failure.tsx';
import { dayName } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import { Empty, Page, Waiting } from '../parts/page.tsx';
import { RunProgress } from '../parts/progress.tsx';
import classes from './activity.module.css';
import { RunDrawer } from './run-drawer.tsx';
import { RunRow } from './run-row.tsx';
import { useRuns } from './use-runs.ts';

type Filter = 'all' | 'problems' | RunKind;

const FILTERS: readonly { readonly value: Filter; readonly label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'problems', label: 'Problems' },
  { value: 'backup', label: 'Backups' },
  { value: 'restore', label: 'Restores' },
  { value: 'check', label: 'Checks' },
  { value: 'prune', label: 'Clean-ups' },
];

const PAGE = 100;

/** Everything that Triplicate did, newest first; what it does now on top. Older runs come as the person scrolls. */
export function ActivityScreen({ runId }: { readonly runId: string | undefined }) {
  const [, navigate] = useLocation();
  const now = useNow();
  const [filter, setFilter] = useState<Filter>('all');
  const [folderId, setFolderId] = useState('');
  const folders = useData('folders.list', {}).data ?? [];
  const runs = useRuns({
    limit: PAGE,
    ...kindsOf(filter),
    ...(folderId === '' ? {} : { folderId: folderId as FolderId }),
  });
  const shown = runs.all.filter((run) => fits(run, filter));
  const live = shown.filter(isLive);
  const past = shown.filter((run) => !isLive(run));

  return (
    <Page title="Activity" intro="What Triplicate did, and what it is doing now.">
      <div className={classes.filters}>
        <SegmentedControl
          aria-label="What to show"
          data={[...FILTERS]}
          value={filter}
          onChange={(value) => setFilter(value as Filter)}
        />
        <Select
          aria-label="Folder"
          w={200}
          value={folderId}
          data={[
            { value: '', label: 'All folders' },
            ...folders.map(({ id, name }) => ({ value: id as string, label: name })),
          ]}
          onChange={(value) => setFolderId(value ?? '')}
        />
      </div>
      {runs.state === 'loading' && <Waiting rows={5} height={56} />}
      {runs.error !== null && <Failure error={runs.error} onRetry={runs.retry} />}
      {live.map((run) => (
        <section key={run.id} className={`${card.card} ${classes.live}`} aria-label={run.title}>
          <h2 className={classes.liveTitle}>{run.title}</h2>
          <RunProgress run={run} />
        </section>
      ))}
      {runs.state === 'complete' && runs.error === null && shown.length === 0 && (
        <Empty
          icon={<IconActivity size={48} stroke={1.3} />}
          title={filter === 'problems' ? 'No problems' : 'Nothing here yet'}
        >
          {filter === 'problems' ? 'Every run in this list went well.' : 'Runs appear here as soon as there are some.'}
        </Empty>
      )}
      {byDay(past, now).map(([day, group]) => (
        <section key={day} aria-label={day}>
          <h2 className={classes.day}>{day}</h2>
          <ul className={`${card.card} ${classes.rows}`}>
            {group.map((run) => (
              <li key={run.id}>
                <RunRow run={run} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {runs.state === 'more' && <LoadMore key={runs.all.length} onSeen={runs.loadMore} />}
      {runs.state === 'complete' && runs.all.length > PAGE && <p className={classes.end}>Older runs are not kept.</p>}
      <RunDrawer runId={runId} onClose={() => navigate('/activity')} />
    </Page>
  );
}

/** Asks for more as soon as the end of the list comes near the window. */
function LoadMore({ onSeen }: { readonly onSeen: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (end.current === null) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && onSeen(), {
      rootMargin: '600px',
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [onSeen]);
  return (
    <div ref={end}>
      <Waiting rows={2} height={56} />
    </div>
  );
}

function kindsOf(filter: Filter): { kinds?: RunKind[] } {
  if (filter === 'all' || filter === 'problems') return {};
  return { kinds: filter === 'check' ? ['check', 'drill'] : [filter] };
}

function fits(run: Run, filter: Filter): boolean {
  if (filter === 'all') return true;
  if (filter === 'problems') return run.state === 'failed' || run.state === 'partial';
  if (filter === 'check') return run.kind === 'check' || run.kind === 'drill';
  return run.kind === filter;
}

function byDay(runs: readonly Run[], now: number): readonly (readonly [string, readonly Run[]])[] {
  return [...Map.groupBy(runs, (run) => dayName(run.endedAt ?? run.createdAt, now))];
}
