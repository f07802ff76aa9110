import { size } from './format.ts';
import classes from './space-bar.module.css';

interface SpaceBarProps {
  readonly free: number;
  readonly total: number;
  /** Bytes of ours among what is used. */
  readonly ours?: number | null;
}

/** How full a disk is, with our own share of it. */
export function SpaceBar({ free, total, ours = null }: SpaceBarProps) {
  const used = Math.max(0, total - free);
  const share = (part: number) => `${total === 0 ? 0 : Math.min(100, (part / total) * 100)}%`;
  const tight = total > 0 && free / total < 0.08;
  return (
    <div className={classes.space} data-tight={tight || undefined}>
      <div className={classes.bar} aria-hidden>
        {ours !== null && <span className={classes.ours} style={{ width: share(Math.min(ours, used)) }} />}
        <span className={classes.used} style={{ width: share(used - Math.min(ours ?? 0, used)) }} />
      </div>
      <span className={classes.words}>
        {size(free)} free of {size(total)}
        {tight ? ' · nearly full' : ''}
      </span>
    </div>
  );
}
