import { IconCircleCheck } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import type { Run } from '../../main/api/contract/runs.ts';
import { tellError, useAction, useClient, useData } from '../data.ts';
import { isLive } from '../live.ts';
import { Failure } from '../parts/failure.tsx';
import { list, number, plural } from '../parts/format.ts';
import { RunProgress } from '../parts/progress.tsx';
import classes from './guide.module.css';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

/** The first backup runs while the person reads that it does. */
export function FinishStep({ onBack }: StepProps) {
  const client = useClient();
  const finish = useAction('setup.finish');
  const [, navigate] = useLocation();
  const runs = newestOfEach((useData('runs.list', { limit: 100 }).data ?? []).filter(({ kind }) => kind === 'backup'));
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    client
      .call('runs.list', { limit: 1, kinds: ['backup'] })
      .then((earlier) => (earlier.length === 0 ? client.call('runs.backup', {}) : undefined))
      .catch(tellError);
  }, [client]);
  const live = runs.filter(isLive);
  const running = live.filter(({ state }) => state === 'running');
  const unmade = runs.filter(({ state }) => state === 'failed' || state === 'cancelled');
  const done = runs.length - live.length - unmade.length;
  const leave = () => finish.mutate({}, { onSuccess: () => navigate('/', { replace: true }) });
  return (
    <StepFrame
      title={titleOf({ live: live.length, unmade: unmade.length, done })}
      lead={
        runs.length > 0 && runs.every(({ state }) => state === 'done')
          ? 'Each was proven by a restore. From now on only changes are copied, by themselves.'
          : 'It takes a while the first time; afterwards only changes are copied. You can go on working, and even close this.'
      }
      onBack={onBack}
      onNext={leave}
      next="Open Triplicate"
      busy={finish.isPending ? 'busy' : 'idle'}
    >
      {running.map((run) => (
        <section key={run.id} aria-label={run.title}>
          <h2 className={classes.runTitle}>{run.title}</h2>
          <RunProgress run={run} cancel="hide" />
        </section>
      ))}
      {runs.length > 0 && (
        <p className={classes.tally} role="status">
          {done > 0 && <IconCircleCheck size={18} aria-hidden />}
          {tally(done, runs.length)}
        </p>
      )}
      {live.length === 0 && <Safe />}
      {unmade.map((run) => (
        <Failure key={run.id} error={run.error} tone={run.state === 'failed' ? 'error' : 'warn'}>
          <span>{run.title}. It is tried again by itself; you can go on.</span>
        </Failure>
      ))}
    </StepFrame>
  );
}

/** The last try of each folder at its destinations; `runs` come newest first. */
function newestOfEach(runs: readonly Run[]): readonly Run[] {
  const tries = Map.groupBy(runs, ({ folderId, destinationIds }) => [folderId, ...destinationIds.toSorted()].join());
  return [...tries.values()].flatMap(([newest]) => newest ?? []);
}

function titleOf({ live, unmade, done }: Readonly<Record<'live' | 'unmade' | 'done', number>>): string {
  if (live > 0 || unmade + done === 0) return 'The first backup is running';
  if (unmade === 0) return 'Your first copies are made';
  return done === 0 ? 'The first backup is not done yet' : 'Some of your first copies are made';
}

/** What is safe now, and where: the result of these two minutes. */
function Safe() {
  const folders = useData('folders.list', {}).data ?? [];
  return (
    <ul className={classes.safe}>
      {folders.map(({ id, name, copies }) => (
        <li key={id}>
          <strong>{name}</strong>
          <span>
            {list([
              'on this computer',
              ...copies.filter(({ lastSnapshotAt }) => lastSnapshotAt !== null).map((copy) => copy.destinationName),
            ])}
          </span>
        </li>
      ))}
    </ul>
  );
}

function tally(done: number, all: number): string {
  return done === all ? `${plural(all, 'backup')} done` : `${number(done)} of ${plural(all, 'backup')} done`;
}
