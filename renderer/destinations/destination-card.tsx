import { Button } from '@mantine/core';
import { IconMapPin, IconPlugConnected } from '@tabler/icons-react';
import { useState } from 'react';
import type { Destination, DestinationTest } from '../../main/api/contract/destinations.ts';
import { useAction, useData } from '../data.ts';
import { isLive } from '../live.ts';
import { Ago } from '../parts/ago.tsx';
import card from '../parts/card.module.css';
import { Failure } from '../parts/failure.tsx';
import { plural, size } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import { Pill } from '../parts/pill.tsx';
import { RunProgress } from '../parts/progress.tsx';
import { SpaceBar } from '../parts/space-bar.tsx';
import { DESTINATION_WORDS, KIND_WORDS } from '../parts/words.ts';
import classes from './destination-card.module.css';
import { DestinationMenu } from './destination-menu.tsx';
import { ItsPassphrase } from './its-passphrase.tsx';
import { MissedMoments } from './missed-moments.tsx';
import { TestResult } from './test-result.tsx';

const RESULT_STANDS_MS = 60_000;

/** One destination: does it answer, how full is it, when was it last proven, what waits for it. */
export function DestinationCard({ destination }: { readonly destination: Destination }) {
  const kind = KIND_WORDS[destination.kind];
  const test = useAction('destinations.test', { errors: 'shown-by-caller' });
  const now = useNow();
  const [tested, setTested] = useState<{ readonly result: DestinationTest; readonly at: number } | null>(null);
  // A result is of its moment: what the destination does afterwards it cannot tell.
  const result = tested !== null && now - tested.at < RESULT_STANDS_MS ? tested.result : null;
  const runs = useData('runs.list', { limit: 100 }).data ?? [];
  const proven = useProven(destination.id);
  const own = runs.filter((run) => isLive(run) && run.kind !== 'backup' && run.destinationIds.includes(destination.id));
  return (
    <article className={`${card.card} ${classes.card}`} aria-label={destination.name}>
      <div className={classes.header}>
        <span className={classes.kind}>
          <kind.icon size={24} stroke={1.6} aria-hidden />
        </span>
        <div className={classes.names}>
          <div className={classes.nameLine}>
            <h2 className={classes.name}>{destination.name}</h2>
            <Pill state={DESTINATION_WORDS[destination.state]} />
          </div>
          <p className={classes.where}>
            {kind.label}
            {destination.offsite && (
              <>
                {' · '}
                <IconMapPin size={13} stroke={2} aria-hidden /> off-site
              </>
            )}
            {' · '}
            <span className={classes.location}>{placeWords(destination.location)}</span>
          </p>
        </div>
        <div className={classes.actions}>
          <Button
            variant="default"
            leftSection={<IconPlugConnected size={16} stroke={1.8} />}
            loading={test.isPending}
            onClick={() =>
              test.mutate(
                { id: destination.id },
                { onSuccess: (found) => setTested({ result: found, at: Date.now() }) },
              )
            }
            aria-label={`Test ${destination.name}`}
          >
            Test
          </Button>
          <DestinationMenu destination={destination} />
        </div>
      </div>
      {destination.problem !== null && (
        <Failure error={destination.problem} tone={destination.state === 'away' ? 'warn' : 'error'}>
          {result !== null && isTrouble(result) && !test.isPending && (
            <span role="status">Tested just now: that is how it still is.</span>
          )}
        </Failure>
      )}
      {destination.problem?.code === 'repo/wrong-passphrase' && <ItsPassphrase destination={destination} />}
      {test.error !== null && <Failure error={test.error} />}
      {result !== null && destination.problem === null && <TestResult test={result} place="known" />}
      <div className={classes.body}>
        <div className={classes.space}>
          {destination.freeBytes !== null && destination.totalBytes !== null ? (
            <SpaceBar free={destination.freeBytes} total={destination.totalBytes} ours={destination.usedBytes} />
          ) : (
            <span className={classes.unknown}>
              {destination.state === 'away'
                ? 'Free space is known when it is back'
                : 'This place does not tell its free space'}
            </span>
          )}
        </div>
        <dl className={classes.facts}>
          <Fact name="Copies take">{destination.usedBytes === null ? 'unknown' : size(destination.usedBytes)}</Fact>
          <Fact name="Moments kept">
            {destination.snapshots === null ? 'unknown' : destination.snapshots.toLocaleString('en-US')}
          </Fact>
          <Fact name="Last seen">
            <Ago at={destination.lastSeenAt} />
          </Fact>
          <Fact name="Checked">
            <Ago at={destination.lastCheckAt} never="not yet" />
          </Fact>
          <Fact name="Restore tried">
            <Ago at={proven} never="not yet" />
          </Fact>
          {destination.queued > 0 && <Fact name="In the queue">{plural(destination.queued, 'run')}</Fact>}
        </dl>
      </div>
      {destination.missed !== null && own.every(({ kind }) => kind !== 'catch-up') && (
        <MissedMoments destination={destination} missed={destination.missed} />
      )}
      {own.map((run) => (
        <RunProgress key={run.id} run={run} />
      ))}
    </article>
  );
}

function isTrouble({ error, reachable, writable }: DestinationTest): boolean {
  return error !== null || !reachable || !writable;
}

/** The name of a remote and the folder there, without the word that tells programs how to reach it. */
function placeWords(location: string): string {
  return location.startsWith('rclone:') ? location.slice('rclone:'.length).replace(/:(?=.)/, ': ') : location;
}

/** When the last restore was tried there; the oldest of all folders, because each must be proven. */
function useProven(id: string): string | null {
  const folders = useData('folders.list', {}).data ?? [];
  const times = folders.flatMap(({ copies }) =>
    copies
      .filter((copy) => copy.destinationId === id && copy.lastSnapshotAt !== null)
      .map((copy) => copy.lastVerifiedAt),
  );
  return times.some((time) => time === null) ? null : (times.sort()[0] ?? null);
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
