import { IconCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { Redirect, useLocation } from 'wouter';
import type { SystemInfo } from '../../main/api/contract/system.ts';
import { useData } from '../data.ts';
import { usePageTitle } from '../parts/page.tsx';
import { Sheets } from '../parts/sheets.tsx';
import { CloudStep } from './cloud-step.tsx';
import { DiskStep } from './disk-step.tsx';
import { FinishStep } from './finish-step.tsx';
import { FoldersStep } from './folders-step.tsx';
import classes from './guide.module.css';
import { PassphraseStep } from './passphrase-step.tsx';
import { EMPTY_PLAN, type GuidePlan, withSeen } from './plan.ts';
import { RecoveryStep } from './recovery-step.tsx';
import { WelcomeStep } from './welcome-step.tsx';

const STEPS = [
  { id: 'start', label: 'Welcome' },
  { id: 'folders', label: 'What to protect' },
  { id: 'disk', label: 'A disk nearby' },
  { id: 'cloud', label: 'A place far away' },
  { id: 'passphrase', label: 'Your passphrase' },
  { id: 'recovery', label: 'Recovery page' },
  { id: 'finish', label: 'First backup' },
] as const;

export interface StepProps {
  readonly plan: GuidePlan;
  readonly onChange: (plan: GuidePlan) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
  readonly info: SystemInfo;
}

const STEP_VIEWS = {
  start: WelcomeStep,
  folders: FoldersStep,
  disk: DiskStep,
  cloud: CloudStep,
  passphrase: PassphraseStep,
  recovery: RecoveryStep,
  finish: FinishStep,
} as const;

/** The first run: seven small steps. The address holds the step, so the browser's own back and forward work too. */
export function Guide({ info }: { readonly info: SystemInfo }) {
  const [location, navigate] = useLocation();
  const folders = useData('folders.list', {}).data;
  const destinations = useData('destinations.list', {}).data;
  const [typed, setTyped] = useState<GuidePlan | null>(null);
  const index = STEPS.findIndex(({ id }) => location === `/welcome/${id}`);
  const step = STEPS[index];
  usePageTitle(step === undefined ? 'Welcome' : step.label);
  if (step === undefined) return <Redirect to="/welcome/start" replace />;
  if (folders === undefined || destinations === undefined) return null;

  // A guide that was left half-way goes on from what is set up already.
  const disk = destinations.find(({ offsite }) => !offsite);
  const cloud = destinations.find(({ offsite }) => offsite);
  const plan: GuidePlan =
    typed ??
    withSeen({
      ...EMPTY_PLAN,
      folders: folders.map(({ path }) => path),
      disk: disk ?? null,
      cloud: cloud ?? null,
    });
  const go = (to: number) => navigate(`/welcome/${STEPS[to]?.id ?? 'start'}`);
  const View = STEP_VIEWS[step.id];
  const sheets = (plan.folders.length > 0 ? 1 : 0) + (plan.disk === null ? 0 : 1) + (plan.cloud === null ? 0 : 1);

  return (
    <div className={classes.guide}>
      <aside className={classes.aside}>
        <p className={classes.brand}>Triplicate</p>
        <div className={classes.picture} data-sheets>
          <Sheets have={sheets} need={3} size={168} />
          <p className={classes.promise}>
            {['Three copies, one far away.', 'The original.', 'Two copies.', 'Three copies.'][sheets]}
          </p>
        </div>
        <ol className={classes.steps} aria-label="Steps">
          {STEPS.map((one, number) => (
            <li
              key={one.id}
              className={classes.step}
              aria-current={number === index ? 'step' : undefined}
              data-done={number < index || undefined}
            >
              <span className={classes.dot}>
                {number < index ? <IconCheck size={12} stroke={3} aria-label="done" /> : null}
              </span>
              {one.label}
            </li>
          ))}
        </ol>
      </aside>
      <main className={classes.main}>
        <View
          key={step.id}
          plan={plan}
          onChange={(next) => setTyped(withSeen(next))}
          onBack={() => go(index - 1)}
          onNext={() => go(index + 1)}
          info={info}
        />
      </main>
    </div>
  );
}
