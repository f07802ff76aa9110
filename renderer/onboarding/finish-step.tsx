import { IconCircleCheck } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { tellError, useAction, useClient, useData } from '../data.ts';
import { isLive } from '../live.ts';
import { Note } from '../parts/failure.tsx';
import { plural } from '../parts/format.ts';
import { RunProgress } from '../parts/progress.tsx';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

/** The first backup runs while the person reads that it does. */
export function FinishStep({ onBack }: StepProps) {
  const client = useClient();
  const finish = useAction('setup.finish');
  const [, navigate] = useLocation();
  const runs = (useData('runs.list', { limit: 100 }).data ?? []).filter(({ kind }) => kind === 'backup');
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
  const done = runs.filter(({ state }) => state === 'done' || state === 'partial').length;
  const leave = () => finish.mutate({}, { onSuccess: () => navigate('/', { replace: true }) });
  return (
    <StepFrame
      title={live.length === 0 && done > 0 ? 'Your first copies are made' : 'The first backup is running'}
      lead="It takes a while the first time; afterwards only changes are copied. You can go on working, and even close this."
      onBack={onBack}
      onNext={leave}
      next="Open Triplicate"
      busy={finish.isPending ? 'busy' : 'idle'}
    >
      {live.map((run) => (
        <section key={run.id} aria-label={run.title}>
          <h2 style={{ margin: '0 0 4px', fontSize: '1rem' }}>{run.title}</h2>
          <RunProgress run={run} cancel="hide" />
        </section>
      ))}
      {done > 0 && (
        <Note>
          <span style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
            <IconCircleCheck size={18} aria-hidden /> {plural(done, 'folder')} done
          </span>
        </Note>
      )}
    </StepFrame>
  );
}
