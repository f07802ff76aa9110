import { Button } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import type { Destination } from '../../main/api/contract/destinations.ts';
import { useAction, useData } from '../data.ts';
import { useAsk } from '../parts/confirm.tsx';
import { Failure } from '../parts/failure.tsx';
import { list, plural } from '../parts/format.ts';
import classes from './missed-moments.module.css';

interface MissedMomentsProps {
  readonly destination: Destination;
  readonly missed: NonNullable<Destination['missed']>;
}

/** What a destination missed while it was away: where it is, and the choice to have it here too. */
export function MissedMoments({ destination, missed }: MissedMomentsProps) {
  const ask = useAsk();
  const destinations = useData('destinations.list', {}).data ?? [];
  const copy = useAction('runs.catchUp', { errors: 'shown-by-caller' });
  const leave = useAction('destinations.leaveMissed');
  const { id, name } = destination;
  const one = missed.moments === 1;
  const holders = destinations.filter((other) => missed.at.includes(other.id));
  const canCopy = holders.some(({ state }) => state === 'ready');
  const places = list(holders.map((holder) => holder.name));

  const leaveOut = async () => {
    const answer = await ask({
      title: `Leave out what ${name} missed?`,
      text: `Nothing is deleted: ${one ? 'it stays' : 'they stay'} at ${places}. ${name} goes on with a gap in its history, and you are not asked about this gap again.`,
      yes: one ? 'Leave it out' : 'Leave them out',
    });
    if (answer === 'yes') leave.mutate({ id });
  };

  return (
    <section className={classes.missed} aria-label={`What ${name} missed`}>
      <IconHistory size={20} stroke={1.8} aria-hidden className={classes.icon} />
      <div className={classes.words}>
        <p className={classes.title}>It missed {plural(missed.moments, 'moment')} while it was away</p>
        <p className={classes.text}>
          Nothing is lost: {places} {holders.length === 1 ? 'has' : 'have'} {one ? 'it' : 'them'}. Your files as they
          are now come here by themselves
          {canCopy
            ? `; copy ${one ? 'this moment' : 'these moments'} over too if ${name} is to have the whole history.`
            : `. When ${places} can be reached, ${one ? 'this moment' : 'these moments'} can be copied over, too.`}
        </p>
        {copy.error !== null && <Failure error={copy.error} />}
        <div className={classes.actions}>
          <Button
            size="xs"
            disabled={!canCopy}
            loading={copy.isPending}
            onClick={() => copy.mutate({ destinationId: id })}
          >
            {one ? 'Copy it over' : 'Copy them over'}
          </Button>
          <Button size="xs" variant="default" loading={leave.isPending} onClick={() => void leaveOut()}>
            Not needed here
          </Button>
        </div>
      </div>
    </section>
  );
}
