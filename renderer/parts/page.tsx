import { Skeleton } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './page.module.css';

interface PageProps {
  readonly title: string;
  /** Shown under the title. */
  readonly intro?: ReactNode;
  /** Buttons at the right of the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** `fill` gives the page the height of the window, for screens that scroll inside. */
  readonly layout?: 'flow' | 'fill';
}

/** The frame of every screen: title, actions, content. */
export function Page({ title, intro, actions, children, layout = 'flow' }: PageProps) {
  usePageTitle(title);
  return (
    <div className={classes.page} data-layout={layout}>
      <div className={classes.header}>
        <div className={classes.heading}>
          <h1 className={classes.title}>{title}</h1>
          {intro !== undefined && <div className={classes.intro}>{intro}</div>}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title === 'Triplicate' ? title : `${title} · Triplicate`;
  }, [title]);
}

/** Grey shapes while the first answer is on its way. */
export function Waiting({ rows = 3, height = 120 }: { readonly rows?: number; readonly height?: number }) {
  return (
    <div className={classes.waiting} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <Skeleton key={row} height={height} radius="lg" />
      ))}
    </div>
  );
}

interface EmptyProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

/** What a screen says when it has nothing to show yet. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <div className={classes.emptyIcon}>{icon}</div>
      <h2 className={classes.emptyTitle}>{title}</h2>
      <p className={classes.emptyText}>{children}</p>
      {action}
    </div>
  );
}
