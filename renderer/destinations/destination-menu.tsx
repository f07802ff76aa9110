import { ActionIcon, Menu } from '@mantine/core';
import {
  IconDots,
  IconEdit,
  IconLockOpen,
  IconShieldCheck,
  IconStethoscope,
  IconTrash,
  IconWind,
  IconZoomCheck,
} from '@tabler/icons-react';
import { useState } from 'react';
import type { Destination } from '../../main/api/contract/destinations.ts';
import { tellDone, useAction } from '../data.ts';
import { useAsk } from '../parts/confirm.tsx';
import { plural, size } from '../parts/format.ts';
import { EditDestinationDialog } from './edit-destination-dialog.tsx';

/** Everything that can be done with a destination; whatever takes long becomes a run. */
export function DestinationMenu({ destination }: { readonly destination: Destination }) {
  const ask = useAsk();
  const check = useAction('runs.check');
  const drill = useAction('runs.drill');
  const prune = useAction('runs.prune');
  const unlock = useAction('destinations.unlock');
  const remove = useAction('destinations.remove');
  const [editing, setEditing] = useState<'open' | 'closed'>('closed');
  const { id, name } = destination;
  const started = { onSuccess: () => tellDone('Started', 'You can follow it under Activity.') };

  const checkAll = async () => {
    const amount = destination.usedBytes === null ? 'Everything stored there' : size(destination.usedBytes);
    const answer = await ask({
      title: `Read and check all data of ${name}?`,
      text: `${amount} will be read and compared with its checksums. That can take long on a slow link; backups go on after it.`,
      yes: 'Check all data',
    });
    if (answer === 'yes') check.mutate({ destinationId: id, readData: true }, started);
  };
  const cleanUp = async () => {
    const answer = await ask({
      title: `Clean up ${name}?`,
      text: 'Moments that your keeping rules no longer want are forgotten, and the space that only they used is freed. The newest versions always stay.',
      yes: 'Clean up',
    });
    if (answer === 'yes') prune.mutate({ destinationId: id }, started);
  };
  const clearLocks = async () => {
    const answer = await ask({
      title: `Clear the locks of ${name}?`,
      text: 'Locks of programs that have ended clear by themselves. Do this only when you are sure that no other program is working on this destination now.',
      yes: 'Clear locks',
      tone: 'danger',
    });
    if (answer === 'yes') {
      unlock.mutate({ id }, { onSuccess: ({ removed }) => tellDone(`${plural(removed, 'lock')} cleared`) });
    }
  };
  const forget = async () => {
    const answer = await ask({
      title: `Remove ${name}?`,
      text: (
        <>
          <p>Triplicate will not copy to it any more. It no longer counts as a copy.</p>
          <p>
            <strong>Nothing is deleted there.</strong> You can add the same place again later, and all its versions are
            back.
          </p>
        </>
      ),
      yes: 'Remove',
      tone: 'danger',
    });
    if (answer === 'yes')
      remove.mutate({ id }, { onSuccess: () => tellDone(`${name} is removed`, 'Nothing was deleted there.') });
  };

  return (
    <>
      <Menu width={260}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={`More for ${name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEdit size={16} />} onClick={() => setEditing('open')}>
            Edit
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>Prove it</Menu.Label>
          <Menu.Item
            leftSection={<IconStethoscope size={16} />}
            onClick={() => check.mutate({ destinationId: id, readData: false }, started)}
          >
            Check that all is there
          </Menu.Item>
          <Menu.Item leftSection={<IconZoomCheck size={16} />} onClick={() => void checkAll()}>
            Read and check all data
          </Menu.Item>
          <Menu.Item
            leftSection={<IconShieldCheck size={16} />}
            onClick={() => drill.mutate({ destinationId: id }, started)}
          >
            Try a restore
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>Tidy up</Menu.Label>
          <Menu.Item leftSection={<IconWind size={16} />} onClick={() => void cleanUp()}>
            Clean up old versions
          </Menu.Item>
          <Menu.Item leftSection={<IconLockOpen size={16} />} onClick={() => void clearLocks()}>
            Clear locks
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item c="var(--danger-ink)" leftSection={<IconTrash size={16} />} onClick={() => void forget()}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <EditDestinationDialog
        destination={destination}
        opened={editing === 'open'}
        onClose={() => setEditing('closed')}
      />
    </>
  );
}
