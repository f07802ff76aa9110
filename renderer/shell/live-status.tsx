import { Progress } from '@mantine/core';
import { Link } from 'wouter';
import { useData } from '../data.ts';
import { isLive } from '../live.ts';
import { plural } from '../parts/format.ts';
import { doneShare } from '../parts/progress.tsx';
import { visible } from '../parts/visible.ts';
import { phaseWords } from '../parts/words.ts';
import classes from './live-status.module.css';

/** The work at hand, at the foot of the navigation, wherever the person is. */
export function LiveStatus() {
  const runs = useData('runs.list', { limit: 100 }).data?.filter(isLive) ?? [];
  const run = runs.find(({ state }) => state === 'running') ?? runs[0];
  if (run === undefined) return null;
  const share = doneShare(run);
  return (
    <Link to={`/activity/${run.id}`} className={classes.live}>
      <span className={classes.title}>{visible(run.title)}</span>
      <Progress
        value={run.state === 'queued' ? 0 : share === null ? 100 : share * 100}
        animated={share === null && run.state === 'running'}
        size={4}
        aria-label={`Progress of ${run.title}`}
      />
      <span className={`${classes.words} tabular`}>
        {run.progress === null ? 'Waiting' : phaseWords(run.progress.phase)}
        {share === null ? '' : ` · ${Math.floor(share * 100)} %`}
        {runs.length > 1 ? ` · ${plural(runs.length - 1, 'more', 'more')}` : ''}
      </span>
    </Link>
  );
}
