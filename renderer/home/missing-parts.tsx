import { Button } from '@mantine/core';
import { IconBulb } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Fix, Folder } from '../../main/api/contract/folders.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import type { DestinationId } from '../../main/api/contract/values.ts';
import { CallFailure } from '../client.ts';
import { tellDone, tellError, useAction, useClient, useData } from '../data.ts';
import { AddDestinationDialog } from '../destinations/add-destination-dialog.tsx';
import { isLive } from '../live.ts';
import { KIND_WORDS } from '../parts/words.ts';
import classes from './missing-parts.module.css';

/** What is missing for three copies on two kinds of storage with one off-site, and the button that mends it. */
export function MissingParts({ folder }: { readonly folder: Folder }) {
  // It stands beside the parts: these change while it is open, the one that opened it first of all.
  const [wanted, setWanted] = useState<Addition>({ kind: 'external', offsite: false });
  const [dialog, setDialog] = useState<'open' | 'closed'>('closed');
  const attach = useAttach(folder);
  const open = (fix: Addition) => {
    setWanted(fix);
    setDialog('open');
  };
  return (
    <>
      {folder.watch.state === 'missing' ? <MissingFolder folder={folder} /> : <Parts folder={folder} onAdd={open} />}
      <AddDestinationDialog
        opened={dialog === 'open'}
        onClose={() => setDialog('closed')}
        wanted={{ kind: wanted.kind, offsite: wanted.offsite ? 'yes' : 'no' }}
        onAdded={({ id }) => void attach(id).catch(tellError)}
      />
    </>
  );
}

type Addition = Pick<Extract<Fix, { action: 'add-destination' }>, 'kind' | 'offsite'>;

/** Adds a destination to those that the folder has at that moment, whatever was changed since the screen was drawn. */
function useAttach({ id }: Folder): (added: DestinationId) => Promise<unknown> {
  const client = useClient();
  return async (added) => {
    const folders = await client.call('folders.list', {});
    const have = folders.find((one) => one.id === id)?.destinationIds ?? [];
    return client.call('folders.update', { id, destinationIds: [...new Set([...have, added])] });
  };
}

/** Nothing can be copied from a folder that is not there; getting it back comes first. */
function MissingFolder({ folder }: { readonly folder: Folder }) {
  return (
    <div className={classes.missing}>
      <div className={classes.part}>
        <IconBulb size={18} stroke={1.7} aria-hidden />
        <span className={classes.text}>
          {folder.path} is not there now. Connect the disk that holds it or put it back, and backups go on by
          themselves; or restore it from its copies.
        </span>
        <Button size="compact-sm" component={Link} to={`/history/${folder.id}`}>
          Restore it
        </Button>
      </div>
    </div>
  );
}

interface PartsProps {
  readonly folder: Folder;
  readonly onAdd: (wanted: Addition) => void;
}

function Parts({ folder, onAdd }: PartsProps) {
  const live = useData('runs.list', { limit: 100 }).data?.filter(isLive) ?? [];
  // Several parts often want the same thing; one button is enough for it.
  const seen = new Set<string>();
  const parts = folder.rule.missing.map((part) => {
    const key = JSON.stringify(part.fix);
    const first = !seen.has(key);
    seen.add(key);
    return { ...part, key: `${part.part}-${key}`, button: first ? ('show' as const) : ('hide' as const) };
  });
  if (parts.length === 0) return null;
  return (
    <ul className={classes.missing} aria-label="What is missing">
      {parts.map((part) => (
        <li key={part.key} className={classes.part}>
          <IconBulb size={18} stroke={1.7} aria-hidden />
          <span className={classes.text}>{part.button === 'show' ? part.text : firstSentence(part.text)}</span>
          {part.button === 'show' &&
            (isOnItsWay(part.fix, folder, live) ? (
              <span className={classes.way}>on its way</span>
            ) : (
              <FixButton folder={folder} fix={part.fix} onAdd={onAdd} />
            ))}
        </li>
      ))}
    </ul>
  );
}

/** Whether a run that waits or works does already what the button would. */
function isOnItsWay(fix: Fix, folder: Folder, live: readonly Run[]): boolean {
  if (fix.action === 'back-up-now') {
    return live.some(
      ({ kind, folderId, destinationIds }) =>
        kind === 'backup' && folderId === folder.id && destinationIds.includes(fix.destinationId),
    );
  }
  if (fix.action !== 'prove' && fix.action !== 'check') return false;
  const kind = fix.action === 'prove' ? 'drill' : 'check';
  return live.some((run) => run.kind === kind && run.destinationIds.includes(fix.destinationId));
}

/** What mends it was said one line above. */
function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

function FixButton({ folder, fix, onAdd }: PartsProps & { readonly fix: Fix }) {
  const client = useClient();
  const destinations = useData('destinations.list', {}).data ?? [];
  const backup = useAction('runs.backup');
  const attach = useAttach(folder);
  const check = useAction('runs.check');
  const drill = useAction('runs.drill');
  const [busy, setBusy] = useState<'busy' | 'idle'>('idle');
  const nameOf = (id: string) => destinations.find((destination) => destination.id === id)?.name ?? 'the destination';

  if (fix.action === 'add-destination') {
    return (
      <Button size="compact-sm" onClick={() => onAdd(fix)}>
        {fix.offsite ? 'Add a place elsewhere' : `Add ${fix.kind === 'cloud' ? 'a cloud' : 'a disk'}`}
      </Button>
    );
  }

  const act = () => {
    if (fix.action === 'attach-destination') {
      setBusy('busy');
      attach(fix.destinationId)
        .then(() => tellDone(`${folder.name} goes to ${nameOf(fix.destinationId)} from now on`))
        .catch(tellError)
        .finally(() => setBusy('idle'));
    } else if (fix.action === 'back-up-now') {
      backup.mutate({ folderIds: [folder.id], destinationIds: [fix.destinationId] });
    } else if (fix.action === 'prove') {
      drill.mutate({ destinationId: fix.destinationId });
    } else if (fix.action === 'check') {
      check.mutate({ destinationId: fix.destinationId, readData: true });
    } else {
      setBusy('busy');
      client
        .call('destinations.test', { id: fix.destinationId })
        .then((test) =>
          test.error === null
            ? tellDone(`${nameOf(fix.destinationId)} answers`, 'The next backup continues by itself.')
            : tellError(new CallFailure(test.error)),
        )
        .catch(tellError)
        .finally(() => setBusy('idle'));
    }
  };
  return (
    <Button
      size="compact-sm"
      variant={fix.action === 'reconnect' ? 'default' : 'filled'}
      loading={busy === 'busy' || backup.isPending || check.isPending || drill.isPending}
      onClick={act}
    >
      {fixWords(fix, nameOf)}
    </Button>
  );
}

function fixWords(fix: Fix, nameOf: (id: string) => string): string {
  switch (fix.action) {
    case 'add-destination':
      return `Add ${KIND_WORDS[fix.kind].label.toLowerCase()}`;
    case 'attach-destination':
      return `Use ${nameOf(fix.destinationId)}`;
    case 'back-up-now':
      return 'Back up now';
    case 'prove':
      return 'Prove it now';
    case 'reconnect':
      return 'I have connected it';
    case 'check':
      return 'Check it now';
  }
}
