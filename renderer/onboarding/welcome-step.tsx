import { IconHistory, IconLock, IconStack3 } from '@tabler/icons-react';
import classes from './guide.module.css';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

export function WelcomeStep({ onNext }: StepProps) {
  return (
    <StepFrame
      title="Your files, three times over"
      lead="Two minutes now, and you can get any file back from any day. Here is how Triplicate does it:"
      onNext={onNext}
      next="Let’s begin"
    >
      <ul className={classes.points}>
        <li className={classes.point}>
          <IconStack3 size={26} stroke={1.6} aria-hidden />
          <div>
            <strong>Three copies, one of them elsewhere</strong>
            <span>The original, a disk nearby, a place far away. No single accident reaches all of them.</span>
          </div>
        </li>
        <li className={classes.point}>
          <IconHistory size={26} stroke={1.6} aria-hidden />
          <div>
            <strong>Every version is kept</strong>
            <span>What you delete or overwrite today can be found and restored next month.</span>
          </div>
        </li>
        <li className={classes.point}>
          <IconLock size={26} stroke={1.6} aria-hidden />
          <div>
            <strong>Only you can read them</strong>
            <span>Copies are encrypted on this computer, before they leave it.</span>
          </div>
        </li>
      </ul>
    </StepFrame>
  );
}
