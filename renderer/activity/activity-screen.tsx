import { Button, SegmentedControl, Select } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Run, RunKind } from '../../main/api/contract/runs.ts';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useClient, useData } from '../data.ts';
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

/** Everything that Triplicate did, newest first; what it does now on top. */
export function ActivityScreen({ runId }: { readonly runId: string | undefined }) {
  const [, navigate] = useLocation();
  const client = useClient();
  const now = useNow();
  const [filter, setFilter] = useState<Filter>('all');
  const [folderId, setFolderId] = useState('');
  const [older, setOlder] = useState<readonly Run[]>([]);
  const [end, setEnd] = useState<'reached' | 'open'>('open');
  const folders = useData('folders.list', {}).data ?? [];
  const input = { limit: PAGE, ...(folderId === '' ? {} : { folderId: folderId as FolderId }) };
  const runs = useData('runs.list', input);
  const shown = [...(runs.data ?? []), ...older].filter((run) => fits(run, filter));
  const live = shown.filter(isLive);
  const past = shown.filter((run) => !isLive(run));

  const loadOlder = async () => {
    const last = [...(runs.data ?? []), ...older].at(-1);
    if (last === undefined) return;
    const more = await client.call('runs.list', { ...input, before: last.createdAt });
    setOlder([...older, ...more]);
    if (more.length < PAGE) setEnd('reached');
  };

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
          onChange={(value) => {
            setFolderId(value ?? '');
            setOlder([]);
            setEnd('open');
          }}
        />
      </div>
      {runs.data === undefined && runs.error === null && <Waiting rows={5} height={56} />}
      {runs.error !== null && <Failure error={runs.error} onRetry={() => void runs.refetch()} />}
      {live.map((run) => (
        <section key={run.id} className={`${card.card} ${classes.live}`} aria-label={run.title}>
          <h2 className={classes.liveTitle}>{run.title}</h2>
          <RunProgress run={run} />
        </section>
      ))}
      {runs.data !== undefined && shown.length === 0 && (
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
      {(runs.data?.length ?? 0) >= PAGE && end === 'open' && (
        <Button variant="default" onClick={() => void loadOlder()}>
          Show older
        </Button>
      )}
      <RunDrawer runId={runId} onClose={() => navigate('/activity')} />
    </Page>
  );
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
