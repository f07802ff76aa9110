import { Button } from '@mantine/core';
import { IconPlus, IconServer2 } from '@tabler/icons-react';
import { useState } from 'react';
import { useData } from '../data.ts';
import card from '../parts/card.module.css';
import { Failure } from '../parts/failure.tsx';
import { Empty, Page, Waiting } from '../parts/page.tsx';
import { AddDestinationDialog } from './add-destination-dialog.tsx';
import { DestinationCard } from './destination-card.tsx';

/** The places that hold copies. */
export function DestinationsScreen() {
  const destinations = useData('destinations.list', {});
  const [adding, setAdding] = useState<'open' | 'closed'>('closed');
  const add = (
    <Button leftSection={<IconPlus size={18} />} onClick={() => setAdding('open')}>
      Add a destination
    </Button>
  );
  return (
    <Page title="Destinations" intro="The places that hold your copies. Everything there is encrypted." actions={add}>
      {destinations.data === undefined && destinations.error === null && <Waiting rows={3} height={160} />}
      {destinations.error !== null && (
        <Failure error={destinations.error} onRetry={() => void destinations.refetch()} />
      )}
      {destinations.data?.length === 0 && (
        <Empty icon={<IconServer2 size={48} stroke={1.3} />} title="No place for copies yet" action={add}>
          An external disk is a good start; a cloud or a disk at a friend’s house makes it safe from fire and theft.
        </Empty>
      )}
      <ul className={card.cards}>
        {destinations.data?.map((destination) => (
          <li key={destination.id}>
            <DestinationCard destination={destination} />
          </li>
        ))}
      </ul>
      <AddDestinationDialog opened={adding === 'open'} onClose={() => setAdding('closed')} />
    </Page>
  );
}
