import { Button, Group, PasswordInput } from '@mantine/core';
import { IconCircleCheck, IconDownload, IconPrinter } from '@tabler/icons-react';
import { useState } from 'react';
import { tellError, useAction, useClient } from '../data.ts';
import { Failure } from './failure.tsx';
import classes from './recovery-kit.module.css';

/** Prints the recovery page or saves it as a file. Either counts as saved. */
export function KitActions({ onSaved }: { readonly onSaved?: () => void }) {
  const client = useClient();
  const [busy, setBusy] = useState<'print' | 'save' | 'idle'>('idle');
  const [done, setDone] = useState<'print' | 'save' | 'nothing'>('nothing');

  const run = async (way: 'print' | 'save') => {
    setBusy(way);
    try {
      const kit = await client.call('setup.recoveryKit', {});
      if (way === 'print') await printPage(kit.html);
      else saveFile('triplicate-recovery.html', kit.html);
      await client.call('setup.recoveryKitSaved', {});
      setDone(way);
      onSaved?.();
    } catch (error) {
      tellError(error);
    } finally {
      setBusy('idle');
    }
  };
  return (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<IconPrinter size={16} />}
        loading={busy === 'print'}
        onClick={() => void run('print')}
      >
        Print
      </Button>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} />}
        loading={busy === 'save'}
        onClick={() => void run('save')}
      >
        Save as a file
      </Button>
      <span className={classes.done} role="status">
        {done === 'save' && 'Saved among your downloads. Move it away from this computer.'}
        {done === 'print' && 'Keep the print away from this computer.'}
      </span>
    </Group>
  );
}

/** The person types the passphrase from the page once: only then it is known to work. */
export function TryPassphrase({ onCorrect }: { readonly onCorrect?: () => void }) {
  const attempt = useAction('setup.tryRecoveryKit', { errors: 'shown-by-caller' });
  const [passphrase, setPassphrase] = useState('');
  const correct = attempt.data?.correct;
  const send = () =>
    attempt.mutate(
      { passphrase },
      {
        onSuccess: (result) => {
          if (!result.correct) return;
          setPassphrase('');
          onCorrect?.();
        },
      },
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={classes.attempt}>
        <PasswordInput
          label="Passphrase from the page"
          value={passphrase}
          onChange={(event) => {
            setPassphrase(event.target.value);
            attempt.reset();
          }}
          error={correct === false ? 'That is not the passphrase. Look at capital letters and spaces.' : null}
          autoComplete="off"
          className={classes.field}
        />
        <Button type="submit" variant="default" disabled={passphrase === ''} loading={attempt.isPending}>
          Try it
        </Button>
      </div>
      {attempt.error !== null && <Failure error={attempt.error} />}
      {correct === true && (
        <p className={classes.correct} role="status">
          <IconCircleCheck size={18} aria-hidden /> That is it. The page works.
        </p>
      )}
    </form>
  );
}

/** Prints through a frame of its own, so that only the page comes out. */
function printPage(html: string): Promise<void> {
  return new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.className = classes.frame ?? '';
    frame.title = 'Recovery page';
    frame.srcdoc = html;
    frame.onload = () => {
      frame.contentWindow?.print();
      setTimeout(() => frame.remove(), 60_000);
      resolve();
    };
    document.body.append(frame);
  });
}

function saveFile(name: string, html: string): void {
  const address = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
