import { Button, Group, Stack } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconFolderOpen } from '@tabler/icons-react';
import { useLocation } from 'wouter';
import type { RunId } from '../../main/api/contract/values.ts';
import { tellDone, useAction, useData } from '../data.ts';
import { isLive } from '../live.ts';
import { Failure } from '../parts/failure.tsx';
import { Waiting } from '../parts/page.tsx';
import { RunProgress } from '../parts/progress.tsx';
import { visible } from '../parts/visible.ts';
import classes from './plan.module.css';

interface RestoreProgressProps {
  readonly runId: RunId;
  readonly target: string;
  readonly onClose: () => void;
}

/** A restore while it works, and what it truly did. */
export function RestoreProgress({ runId, target, onClose }: RestoreProgressProps) {
  const query = useData('runs.get', { id: runId });
  const reveal = useAction('system.reveal');
  const [, navigate] = useLocation();
  const run = query.data;
  if (run === undefined) {
    if (query.error === null) return <Waiting rows={1} height={80} />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (isLive(run)) {
    return (
      <Stack gap="lg">
        <RunProgress run={run} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Go on in the background
          </Button>
        </Group>
      </Stack>
    );
  }
  const complete = run.state === 'done';
  const show = () =>
    reveal.mutate(
      { path: target },
      { onSuccess: ({ shown }) => (shown ? undefined : tellDone('You find it here', target)) },
    );
  return (
    <Stack gap="lg">
      {run.error !== null && <Failure error={run.error} />}
      {run.report !== null && (
        <div className={classes.result} role="status">
          <span className={classes.resultIcon} data-tone={complete ? 'good' : 'warn'}>
            {complete ? (
              <IconCircleCheck size={48} stroke={1.4} aria-hidden />
            ) : (
              <IconAlertTriangle size={48} stroke={1.4} aria-hidden />
            )}
          </span>
          <p className={classes.lead}>
            {complete
              ? 'It is back'
              : run.state === 'cancelled'
                ? 'Stopped before the end'
                : 'Not everything could be restored'}
          </p>
          <p style={{ margin: 0, overflowWrap: 'anywhere' }}>{visible(run.report.summary)}</p>
          <code style={{ overflowWrap: 'anywhere' }}>{visible(target)}</code>
        </div>
      )}
      <Group justify="space-between">
        <Button
          variant="subtle"
          onClick={() => {
            onClose();
            navigate(`/activity/${run.id}`);
          }}
        >
          Full report
        </Button>
        <Group gap="xs">
          {run.error === null && (
            <Button variant="default" leftSection={<IconFolderOpen size={16} />} onClick={show}>
              Show where it is
            </Button>
          )}
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Group>
    </Stack>
  );
}
