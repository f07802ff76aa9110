import { Button, Progress } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { Run } from '../../main/api/contract/runs.ts';
import { useAction } from '../data.ts';
import { number, plural, rate, size, timeLeft } from './format.ts';
import classes from './progress.module.css';
import { visible } from './visible.ts';
import { phaseWords } from './words.ts';

/** How far a run is, 0 to 1; null while that is not known. */
export function doneShare(run: Run): number | null {
  const { progress } = run;
  if (progress === null) return null;
  if (progress.bytesTotal !== null && progress.bytesTotal > 0)
    return Math.min(1, progress.bytesDone / progress.bytesTotal);
  if (progress.filesTotal !== null && progress.filesTotal > 0)
    return Math.min(1, progress.filesDone / progress.filesTotal);
  return null;
}

interface RunProgressProps {
  readonly run: Run;
  readonly cancel?: 'offer' | 'hide';
  /** `show` where several runs stand together and must be told apart. */
  readonly title?: 'show' | 'hide';
}

/** Bar, numbers and words of a run that waits or works, with the button that stops it. */
export function RunProgress({ run, cancel = 'offer', title = 'hide' }: RunProgressProps) {
  const stop = useAction('runs.cancel');
  const share = doneShare(run);
  return (
    <div className={classes.progress}>
      <div className={classes.line}>
        <span className={classes.phase}>
          {title === 'show' ? `${run.title}: ${headline(run, share)}` : headline(run, share)}
        </span>
        <span className={`${classes.left} tabular`}>{timeLeft(run.progress?.secondsLeft ?? null)}</span>
        {cancel === 'offer' && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="brick"
            leftSection={<IconX size={14} />}
            loading={stop.isPending}
            onClick={() => stop.mutate({ id: run.id })}
            aria-label={`Stop: ${run.title}`}
          >
            Stop
          </Button>
        )}
      </div>
      <Progress
        value={run.state === 'queued' ? 0 : share === null ? 100 : share * 100}
        animated={share === null && run.state === 'running'}
        size={8}
        radius="xl"
        aria-label={`Progress of ${run.title}`}
      />
      <div className={`${classes.numbers} tabular`}>
        <span>{numbers(run)}</span>
        <span className={classes.path}>{visible(run.progress?.currentPath ?? '')}</span>
      </div>
    </div>
  );
}

function headline(run: Run, share: number | null): string {
  if (run.state === 'queued' || run.progress === null) return 'Waiting for its turn';
  const words = run.kind === 'catch-up' ? 'Copying what was missed' : phaseWords(run.progress.phase);
  return share === null ? words : `${words}, ${Math.floor(share * 100)} %`;
}

function numbers(run: Run): string {
  const { progress } = run;
  if (progress === null || (progress.filesDone === 0 && progress.bytesDone === 0)) return '';
  const thing = run.kind === 'catch-up' ? 'moment' : 'file';
  const files =
    progress.filesTotal === null
      ? plural(progress.filesDone, thing)
      : `${number(progress.filesDone)} of ${plural(progress.filesTotal, thing)}`;
  const amount =
    progress.bytesTotal === null
      ? size(progress.bytesDone)
      : `${size(progress.bytesDone)} of ${size(progress.bytesTotal)}`;
  return [files, amount, progress.bytesPerSecond >= 1_000 ? rate(progress.bytesPerSecond) : '']
    .filter(Boolean)
    .join(' · ');
}
