import { Link } from 'wouter';
import type { Run } from '../../main/api/contract/runs.ts';
import { clockTime } from '../parts/format.ts';
import { Tag } from '../parts/pill.tsx';
import { visible } from '../parts/visible.ts';
import { RUN_KINDS, RUN_WORDS } from '../parts/words.ts';
import classes from './activity.module.css';

interface RunRowProps {
  readonly run: Run;
  /** One row of the list is reached with Tab, the others with the arrow keys. */
  readonly tab: 'stop' | 'skip';
  readonly onFocus: () => void;
}

/** One past run: what, when, how it went. */
export function RunRow({ run, tab, onFocus }: RunRowProps) {
  const kind = RUN_KINDS[run.kind];
  const state = RUN_WORDS[run.state];
  return (
    <Link
      to={`/activity/${run.id}`}
      className={classes.row}
      data-run={run.id}
      tabIndex={tab === 'stop' ? 0 : -1}
      onFocus={onFocus}
    >
      <span className={`${classes.time} tabular`}>{clockTime(run.endedAt ?? run.createdAt)}</span>
      <span className={classes.kind} data-tone={state.tone}>
        <kind.icon size={18} stroke={1.7} aria-hidden />
      </span>
      <span className={classes.rowWords}>
        <span className={classes.rowTitle}>{visible(run.title)}</span>
        <span className={classes.rowText}>{visible(run.error?.message ?? run.report?.summary ?? '')}</span>
      </span>
      <Tag
        tone={state.tone}
        icon={state.icon}
        label={state.label}
        {...(run.state === 'done' ? { bare: 'bare' as const } : {})}
      />
    </Link>
  );
}
