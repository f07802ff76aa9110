import { Button, Group, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import type { Destination } from '../../main/api/contract/destinations.ts';
import { useAction } from '../data.ts';
import { Failure } from '../parts/failure.tsx';

/** Another program has changed the passphrase there, or this computer has lost one of its own: it is entered once. */
export function ItsPassphrase({ destination: { id, name } }: { readonly destination: Destination }) {
  const update = useAction('destinations.update', { errors: 'shown-by-caller' });
  const [passphrase, setPassphrase] = useState('');
  return (
    <form
      aria-label={`Passphrase of ${name}`}
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate({ id, passphrase });
      }}
    >
      <Group align="end" gap="xs">
        <PasswordInput
          label="The passphrase of these copies"
          w={280}
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
          autoComplete="off"
        />
        <Button type="submit" disabled={passphrase === ''} loading={update.isPending}>
          Use it
        </Button>
      </Group>
      {update.error !== null && <Failure error={update.error} />}
    </form>
  );
}
