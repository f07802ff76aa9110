import type { ReactNode } from 'react';
import card from '../parts/card.module.css';
import classes from './settings.module.css';

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      <div className={`${card.card} ${classes.section}`}>{children}</div>
    </section>
  );
}

interface RowProps {
  readonly name: string;
  readonly help?: string;
  readonly children: ReactNode;
}

/** A setting: what it is at the left, its control at the right. */
export function Row({ name, help, children }: RowProps) {
  return (
    <div className={classes.row}>
      <div className={classes.words}>
        <span className={classes.name}>{name}</span>
        {help !== undefined && <span className={classes.help}>{help}</span>}
      </div>
      {children}
    </div>
  );
}
