import { Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Destination } from '../../main/api/contract/destinations.ts';
import type { StorageKind } from '../../main/api/contract/values.ts';
import { tellDone, useAction } from '../data.ts';
import { changed } from '../parts/changed.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogActions } from '../parts/dialog-actions.tsx';
import { Failure } from '../parts/failure.tsx';
import { INTERVALS, KIND_CHOICES } from './choices.ts';
import { RetentionFields } from './retention-fields.tsx';

interface EditDestinationDialogProps {
  readonly destination: Destination;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Name, kind, place, pace and keeping rules of a destination. Its location stays. */
export function EditDestinationDialog({ destination, opened, onClose }: EditDestinationDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} size="lg" title={`Edit ${destination.name}`}>
      {opened && <EditForm destination={destination} onDone={onClose} />}
    </Dialog>
  );
}

function EditForm({ destination, onDone }: { readonly destination: Destination; readonly onDone: () => void }) {
  const update = useAction('destinations.update', { errors: 'shown-by-caller' });
  const [name, setName] = useState(destination.name);
  const [kind, setKind] = useState<StorageKind>(destination.kind);
  const [offsite, setOffsite] = useState(destination.offsite);
  const [interval, setInterval] = useState(String(destination.minIntervalMinutes));
  const [retention, setRetention] = useState(destination.retention);
  const [catchUp, setCatchUp] = useState(destination.catchUp);
  const [before] = useState(destination);
  const save = () =>
    update.mutate(
      {
        id: destination.id,
        ...changed(before, { name, kind, offsite, minIntervalMinutes: Number(interval), retention, catchUp }),
      },
      {
        onSuccess: () => {
          tellDone('Saved');
          onDone();
        },
      },
    );
  const intervals = INTERVALS.some(({ value }) => value === interval)
    ? INTERVALS
    : [...INTERVALS, { value: interval, label: `Every ${interval} minutes` }];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="md">
        <Group grow align="flex-start">
          <TextInput label="Name" value={name} onChange={(event) => setName(event.target.value)} data-autofocus />
          <Select label="Kind" data={KIND_CHOICES} value={kind} onChange={(value) => setKind(value as StorageKind)} />
        </Group>
        <Checkbox
          label="It is in another place than this computer"
          description="A fire or a burglar here would not reach it"
          checked={offsite}
          onChange={(event) => setOffsite(event.target.checked)}
        />
        <Select
          label="How often copies go there"
          data={intervals}
          value={interval}
          onChange={(value) => setInterval(value ?? '0')}
        />
        <Checkbox
          label="Copy over what it missed while it was away"
          description="Your files as they are now come in any case; this fills the gap in its history, too"
          checked={catchUp === 'always'}
          onChange={(event) => setCatchUp(event.target.checked ? 'always' : 'ask')}
        />
        <RetentionFields value={retention} onChange={setRetention} />
        {update.error !== null && <Failure error={update.error} />}
        <DialogActions>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" disabled={name.trim() === ''} loading={update.isPending}>
            Save
          </Button>
        </DialogActions>
      </Stack>
    </form>
  );
}
