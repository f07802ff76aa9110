import { Button, Loader } from '@mantine/core';
import { errorWords } from '../client.ts';
import { usePageTitle } from '../parts/page.tsx';
import { Sheets } from '../parts/sheets.tsx';
import classes from './full-pages.module.css';

/** Shown for the moment before the app has answered for the first time. */
export function Starting() {
  return (
    <main className={classes.full}>
      <Loader color="pine" type="dots" aria-label="Starting" />
    </main>
  );
}

/** The browser host lets in only whoever has the printed address. */
export function Unauthorised() {
  usePageTitle('Not signed in');
  return (
    <main className={classes.full}>
      <Sheets have={0} need={3} size={96} />
      <h1 className={classes.title}>This page is not signed in</h1>
      <p className={classes.text}>
        Triplicate printed an address with a one-time key when it started. Open that address in this browser. If it was
        used already, start Triplicate again to get a new one.
      </p>
      <p className={classes.text}>Your backups go on without this page.</p>
      <Button variant="default" onClick={() => window.location.reload()}>
        Try again
      </Button>
    </main>
  );
}

export function StartFailed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  usePageTitle('Not connected');
  const words = errorWords(error);
  return (
    <main className={classes.full}>
      <Sheets have={0} need={3} size={96} />
      <h1 className={classes.title}>{words.message}</h1>
      <p className={classes.text}>{words.hint}</p>
      <Button onClick={onRetry}>Try again</Button>
    </main>
  );
}
