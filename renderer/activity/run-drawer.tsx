import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import type { Report, Run } from '../../main/api/contract/runs.ts';
import type { RunId } from '../../main/api/contract/values.ts';
import { tellDone, useAction, useData } from '../data.ts';
import { isLive } from '../live.ts';
import { SidePanel } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { list, plural, shortTime, size, spanWords } from '../parts/format.ts';
import { Waiting } from '../parts/page.tsx';
import { Pill } from '../parts/pill.tsx';
import { RunProgress } from '../parts/progress.tsx';
import { visible } from '../parts/visible.ts';
import { CAUSE_WORDS, RUN_WORDS } from '../parts/words.ts';
import classes from './activity.module.css';

interface RunDrawerProps {
  readonly runId: string | undefined;
  readonly onClose: () => void;
}

/** The report of one run, in words. */
export function RunDrawer({ runId, onClose }: RunDrawerProps) {
  return (
    <SidePanel opened={runId !== undefined} onClose={onClose} size={480} title="Report">
      {runId !== undefined && <Detail runId={runId as RunId} />}
    </SidePanel>
  );
}

function Detail({ runId }: { readonly runId: RunId }) {
  const query = useData('runs.get', { id: runId });
  const destinations = useData('destinations.list', {}).data ?? [];
  if (query.data === undefined) {
    if (query.error === null) return <Waiting rows={2} height={80} />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  const run = query.data;
  const names = run.destinationIds.map(
    (id) => destinations.find((place) => place.id === id)?.name ?? 'a removed destination',
  );
  return (
    <div className={classes.report}>
      <div>
        <h2 style={{ margin: '0 0 8px' }}>{visible(run.title)}</h2>
        <Pill state={RUN_WORDS[run.state]} />
      </div>
      {isLive(run) && <RunProgress run={run} />}
      {run.report !== null && <p className={classes.summary}>{visible(run.report.summary)}</p>}
      {run.error !== null && (
        <Failure error={run.error}>
          <Again run={run} />
        </Failure>
      )}
      <dl className={classes.facts}>
        <dt>Why</dt>
        <dd>{CAUSE_WORDS[run.cause]}</dd>
        <dt>Started</dt>
        <dd>{run.startedAt === null ? 'not yet' : shortTime(run.startedAt)}</dd>
        {run.endedAt !== null && run.startedAt !== null && (
          <>
            <dt>Took</dt>
            <dd>{spanWords((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000)}</dd>
          </>
        )}
        {names.length > 0 && (
          <>
            <dt>{run.kind === 'restore' ? 'From' : 'Where'}</dt>
            <dd>{list(names)}</dd>
          </>
        )}
        {run.report !== null && <Numbers run={run} report={run.report} />}
      </dl>
      {run.report !== null && <Findings report={run.report} />}
    </div>
  );
}

function Numbers({ run, report }: { readonly run: Run; readonly report: Report }) {
  const rows: [string, string][] =
    run.kind === 'restore' || run.kind === 'drill'
      ? [['Restored', `${plural(report.filesRestored, 'file')}, ${size(report.bytesRestored)}`]]
      : run.kind === 'backup'
        ? [
            ['New', plural(report.filesNew, 'file')],
            ['Changed', plural(report.filesChanged, 'file')],
            ['Removed', plural(report.filesRemoved, 'file')],
            ['Unchanged', plural(report.filesUnchanged, 'file')],
            ['Read', size(report.bytesRead)],
            ['Stored', size(report.bytesStored)],
          ]
        : [['Read', size(report.bytesRead)]];
  return rows.map(([name, value]) => (
    <div key={name} style={{ display: 'contents' }}>
      <dt>{name}</dt>
      <dd className="tabular">{value}</dd>
    </div>
  ));
}

function Findings({ report }: { readonly report: Report }) {
  if (report.findings.length === 0) return null;
  return (
    <section>
      <h3 className={classes.sectionTitle}>What to know</h3>
      <ul className={classes.findings}>
        {report.findings.map((finding) => (
          <li
            key={`${finding.code}-${finding.path}-${finding.text}`}
            className={classes.finding}
            data-level={finding.level}
          >
            {visible(finding.text)}
            {finding.path !== null && <span className={classes.findingPath}>{visible(finding.path)}</span>}
          </li>
        ))}
        {report.moreFindings > 0 && (
          <li className={classes.finding}>{plural(report.moreFindings, 'more', 'more')} like these.</li>
        )}
      </ul>
    </section>
  );
}

/** Tries a failed run again, where that is one call. */
function Again({ run }: { readonly run: Run }) {
  const backup = useAction('runs.backup');
  const check = useAction('runs.check');
  const drill = useAction('runs.drill');
  const prune = useAction('runs.prune');
  const catchUp = useAction('runs.catchUp');
  const destinationId = run.destinationIds[0];
  if (run.kind === 'restore' || destinationId === undefined) return null;
  const again = () => {
    const told = { onSuccess: () => tellDone('Started again') };
    if (run.kind === 'check') check.mutate({ destinationId, readData: run.depth === 'read-data' }, told);
    else if (run.kind === 'drill') drill.mutate({ destinationId }, told);
    else if (run.kind === 'prune') prune.mutate({ destinationId }, told);
    else if (run.kind === 'catch-up') catchUp.mutate({ destinationId }, told);
    else
      backup.mutate(
        {
          destinationIds: [...run.destinationIds],
          ...(run.folderId === null ? {} : { folderIds: [run.folderId] }),
        },
        told,
      );
  };
  return (
    <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={again}>
      Run it again
    </Button>
  );
}
