import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useAction } from '../data.ts';
import { Failure } from '../parts/failure.tsx';
import { usePageTitle } from '../parts/page.tsx';
import { Sheets } from '../parts/sheets.tsx';
import classes from './unlock.module.css';

/** The key store lost the passphrase: it must be typed once more before anything can run. */
export function UnlockScreen() {
  usePageTitle('Unlock');
  const unlock = useAction('setup.unlock', { errors: 'shown-by-caller' });
  const [passphrase, setPassphrase] = useState('');
  return (
    <main className={classes.unlock}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          unlock.mutate({ passphrase });
        }}
      >
        <Sheets have={3} need={3} size={88} />
        <h1 className={classes.title}>Enter your passphrase</h1>
        <p className={classes.text}>
          This computer no longer has it. Your copies are safe, but backups wait until you have entered it. It is on
          your recovery page.
        </p>
        <PasswordInput
          label="Passphrase"
          size="md"
          value={passphrase}
          onChange={(event) => setPassphrase(event.target.value)}
          autoFocus
        />
        {unlock.error !== null && <Failure error={unlock.error} />}
        <Button type="submit" size="md" disabled={passphrase === ''} loading={unlock.isPending}>
          Unlock
        </Button>
      </form>
    </main>
  );
}
