import { Button, Checkbox, PasswordInput, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useState } from 'react';
import type { Destination, DestinationTest } from '../../main/api/contract/destinations.ts';
import type { StorageKind } from '../../main/api/contract/values.ts';
import { tellDone, useAction } from '../data.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogActions } from '../parts/dialog-actions.tsx';
import { Failure } from '../parts/failure.tsx';
import { guessName, isSameRemote } from './choices.ts';
import { DiskChoice } from './disk-choice.tsx';
import { RemoteChoice } from './remote-choice.tsx';
import { TestResult } from './test-result.tsx';

interface AddDestinationDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onAdded?: (destination: Destination) => void;
  /** What the 3-2-1 rule asks for, as a start. */
  readonly wanted?: { readonly kind: StorageKind; readonly offsite: 'yes' | 'no' };
}

/** Adds a disk of this machine or a place that rclone knows: choose, test, name. */
export function AddDestinationDialog({ opened, onClose, ...rest }: AddDestinationDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} size="lg" title="Add a destination">
      {opened && <AddForm {...rest} onDone={onClose} />}
    </Dialog>
  );
}

interface Place {
  readonly location: string;
  readonly kind: StorageKind;
}

function AddForm({
  wanted,
  onAdded,
  onDone,
}: Omit<AddDestinationDialogProps, 'opened' | 'onClose'> & { onDone: () => void }) {
  const [way, setWay] = useState<'disk' | 'remote'>(
    wanted?.kind === 'cloud' || wanted?.offsite === 'yes' ? 'remote' : 'disk',
  );
  const [place, setPlace] = useState<Place | null>(null);
  const [name, setName] = useState('');
  /** Null until the person says so: a guess must not take back an answer. */
  const [answer, setAnswer] = useState<boolean | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const [result, setResult] = useState<DestinationTest | null>(null);
  const test = useAction('destinations.test', { errors: 'shown-by-caller' });
  const add = useAction('destinations.add', { errors: 'shown-by-caller' });
  const shownName = name === '' && place !== null ? guessName(place.location) : name;
  const own = passphrase === '' ? {} : { passphrase };
  // A disk that is connected here is not in another place, whatever was wanted.
  const offsite = answer ?? (place?.kind === 'cloud' || (place?.kind === 'network' && wanted?.offsite === 'yes'));

  const choose = (next: Place | null) => {
    if (next === null || place === null || !isSameRemote(next.location, place.location)) setAnswer(null);
    setPlace(next);
    setResult(null);
    test.reset();
    add.reset();
  };
  const save = () => {
    if (place === null) return;
    add.mutate(
      { name: shownName, location: place.location, kind: place.kind, offsite, ...own },
      {
        onSuccess: (added) => {
          tellDone(`${added.name} is ready`, 'Folders can be copied there from now on.');
          onAdded?.(added);
          onDone();
        },
      },
    );
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="md">
        <SegmentedControl
          fullWidth
          aria-label="Kind of place"
          value={way}
          onChange={(value) => {
            setWay(value as 'disk' | 'remote');
            choose(null);
          }}
          data={[
            { value: 'disk', label: 'A disk or folder here' },
            { value: 'remote', label: 'A cloud or server' },
          ]}
        />
        {way === 'disk' ? (
          <DiskChoice location={place?.location ?? null} onChange={choose} />
        ) : (
          <RemoteChoice location={place?.location ?? null} onChange={choose} />
        )}
        {place !== null && (
          <>
            <TextInput label="Name" value={shownName} onChange={(event) => setName(event.target.value)} />
            <Checkbox
              label="It is in another place than this computer"
              description="A fire or a burglar here would not reach it"
              checked={offsite}
              onChange={(event) => setAnswer(event.target.checked)}
            />
            {(result?.content === 'locked-out' || passphrase !== '') && (
              <PasswordInput
                label="Passphrase of the copies that are there"
                value={passphrase}
                onChange={(event) => {
                  setPassphrase(event.target.value);
                  setResult((found) => (found?.content === 'locked-out' ? found : null));
                }}
              />
            )}
          </>
        )}
        {result !== null && <TestResult test={result} place="new" />}
        {test.error !== null && <Failure error={test.error} />}
        {add.error !== null && <Failure error={add.error} />}
        <DialogActions
          aside={
            <Button
              variant="default"
              leftSection={<IconPlugConnected size={16} />}
              disabled={place === null}
              loading={test.isPending}
              onClick={() =>
                place !== null && test.mutate({ location: place.location, ...own }, { onSuccess: setResult })
              }
            >
              Test it
            </Button>
          }
        >
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" disabled={place === null} loading={add.isPending}>
            {result?.content === 'repository' || passphrase !== '' ? 'Use it' : 'Add it'}
          </Button>
        </DialogActions>
      </Stack>
    </form>
  );
}
