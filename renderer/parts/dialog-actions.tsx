import type { ReactNode } from 'react';
import classes from './dialog-actions.module.css';

interface DialogActionsProps {
  /** At the left: a way back, or what belongs to the form itself. */
  readonly aside?: ReactNode;
  /** At the right, the main one last. */
  readonly children: ReactNode;
}

/** The buttons of a window: always in sight, however long what is above them. */
export function DialogActions({ aside, children }: DialogActionsProps) {
  return (
    <div className={classes.bar}>
      <div className={classes.side}>{aside}</div>
      <div className={classes.side}>{children}</div>
    </div>
  );
}
