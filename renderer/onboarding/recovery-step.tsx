import { Button } from '@mantine/core';
import { IconCircleCheck, IconCircleNumber1, IconCircleNumber2 } from '@tabler/icons-react';
import { KitActions, TryPassphrase } from '../parts/recovery-kit.tsx';
import classes from './guide.module.css';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

export function RecoveryStep({ onBack, onNext, info }: StepProps) {
  const saved = info.setup.recoveryKitSavedAt !== null;
  const tried = info.setup.recoveryKitTriedAt !== null;
  const Number1 = saved ? IconCircleCheck : IconCircleNumber1;
  const Number2 = tried ? IconCircleCheck : IconCircleNumber2;
  return (
    <StepFrame
      frame="plain"
      title="Your recovery page"
      lead="One page with your passphrase, where your copies are, and how to open them, even on a new computer and without Triplicate."
      onBack={onBack}
      onNext={onNext}
      ready={saved && tried ? 'ready' : 'not-ready'}
      aside={
        saved && tried ? null : (
          <Button variant="subtle" size="md" onClick={onNext}>
            Later
          </Button>
        )
      }
    >
      <ul className={classes.points}>
        <li className={classes.point}>
          <Number1 size={26} stroke={1.6} aria-label={saved ? 'done' : 'first'} />
          <div style={{ display: 'flex', flexDirection: 'column', gap: 8 }}>
            <div>
              <strong>Print it or save it</strong>
              <span>Keep it where this computer is not: in a drawer at work, with someone you trust.</span>
            </div>
            <KitActions />
          </div>
        </li>
        <li className={classes.point}>
          <Number2 size={26} stroke={1.6} aria-label={tried ? 'done' : 'second'} />
          <div style={{ flex: 1, display: 'flex', flexDirection: 'column', gap: 8 }}>
            <div>
              <strong>Type the passphrase from it once</strong>
              <span>Then you know that it works.</span>
            </div>
            <TryPassphrase />
          </div>
        </li>
      </ul>
    </StepFrame>
  );
}
