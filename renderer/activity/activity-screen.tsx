import { SegmentedControl, Select } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { RunKind, RunState } from '../../main/api/contract/runs.ts';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { isLive } from '../live.ts';
import { decoded } from '../parts/address.ts';
import card from '../parts/card.module.css';
import { Failure } from '../parts/failure.tsx';
import { Empty, Page, Waiting } from '../parts/page.tsx';
import { RunProgress } from '../parts/progress.tsx';
import { visible } from '../parts/visible.ts';
import classes from './activity.module.css';
import { PastRuns } from './past-runs.tsx';
import { RunDrawer } from './run-drawer.tsx';
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

const PAGE = 200;

/** Everything that Triplicate did, newest first; what it does now on top. Older runs come as the person scrolls. */
export function ActivityScreen({ rest }: { readonly rest: string }) {
  const [, navigate] = useLocation();
  const [filter, setFilter] = useState<Filter>('all');
  const { runId, ofFolder } = parseRest(rest);
  const [folderId, setFolderId] = useState(ofFolder ?? '');
  const [seen, setSeen] = useState(rest);
  if (seen !== rest) {
    setSeen(rest);
    if (ofFolder !== undefined) setFolderId(ofFolder);
  }
  const folders = useData('folders.list', {}).data ?? [];
  const runs = useRuns({
    limit: PAGE,
    ...filterOf(filter),
    ...(folderId === '' ? {} : { folderId: folderId as FolderId }),
  });
  const live = runs.all.filter(isLive);
  const past = useMemo(() => runs.all.filter((run) => !isLive(run)), [runs.all]);

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
          <h2 className={classes.liveTitle}>{visible(run.title)}</h2>
          <RunProgress run={run} />
        </section>
      ))}
      {runs.state === 'complete' && runs.error === null && runs.all.length === 0 && (
        <Empty
          icon={<IconActivity size={48} stroke={1.3} />}
          title={filter === 'problems' ? 'No problems' : 'Nothing here yet'}
        >
          {filter === 'problems'
            ? 'Everything that Triplicate did went well.'
            : 'Backups, restores and checks appear here as soon as there are some.'}
        </Empty>
      )}
      {past.length > 0 && <PastRuns key={filter + folderId} runs={past} state={runs.state} onNearEnd={runs.loadMore} />}
      {runs.state === 'more' && <p className={classes.end}>Older runs are on their way…</p>}
      {runs.state === 'complete' && runs.all.length > PAGE && <p className={classes.end}>Older runs are not kept.</p>}
      <RunDrawer runId={runId} onClose={() => navigate('/activity')} />
    </Page>
  );
}

/** `RUN` or `of/FOLDER`: what follows `/activity/` in the address. */
function parseRest(rest: string): { readonly runId?: string; readonly ofFolder?: string } {
  if (rest.startsWith('of/')) return { ofFolder: decoded(rest.slice('of/'.length)) };
  return rest === '' ? {} : { runId: rest };
}

function filterOf(filter: Filter): { kinds?: RunKind[]; states?: RunState[] } {
  if (filter === 'all') return {};
  if (filter === 'problems') return { states: ['failed', 'partial'] };
  return { kinds: filter === 'check' ? ['check', 'drill'] : [filter] };
}
