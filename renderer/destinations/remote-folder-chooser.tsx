import { Button, Stack, TextInput } from '@mantine/core';
import { IconArrowUp, IconFolder, IconFolderPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useData } from '../data.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogActions } from '../parts/dialog-actions.tsx';
import { Failure, Note } from '../parts/failure.tsx';
import classes from '../parts/folder-chooser.module.css';
import { lastName } from '../parts/format.ts';
import { Waiting } from '../parts/page.tsx';

interface RemoteFolderChooserProps {
  readonly remote: string;
  /** Null while it is closed. */
  readonly start: string | null;
  readonly onChoose: (path: string) => void;
  readonly onClose: () => void;
}

/** Looks through the folders of a cloud or server, as the other chooser does on this computer. */
export function RemoteFolderChooser({ remote, start, onChoose, onClose }: RemoteFolderChooserProps) {
  return (
    <Dialog opened={start !== null} onClose={onClose} title={`A folder at ${remote}`} size="lg">
      {start !== null && <Browser remote={remote} onChoose={onChoose} onClose={onClose} />}
    </Dialog>
  );
}

function Browser({ remote, onChoose, onClose }: Omit<RemoteFolderChooserProps, 'start'>) {
  const [path, setPath] = useState('');
  const listing = useData('destinations.remoteFolders', { remote, path }, { keepPrevious: 'keep' });
  const here = listing.data;
  const loading = listing.isPlaceholderData || listing.isPending;
  return (
    <Stack gap="md">
      {listing.error !== null && (
        <Failure error={listing.error} onRetry={() => void listing.refetch()}>
          {path !== '' && (
            <Button size="xs" variant="default" onClick={() => setPath('')}>
              Go to the top
            </Button>
          )}
        </Failure>
      )}
      {here === undefined && listing.error === null && <Waiting rows={1} height={300} />}
      {here !== undefined && (
        <div className={classes.browser} data-single aria-busy={loading}>
          <div className={classes.listing}>
            <div className={classes.where}>
              <Button
                size="compact-sm"
                variant="subtle"
                leftSection={<IconArrowUp size={14} />}
                disabled={here.parent === null || loading}
                onClick={() => setPath(here.parent ?? '')}
              >
                Up
              </Button>
              <span className={classes.path} role="status">
                {loading ? `Asking ${remote}…` : `${remote} / ${here.path.replaceAll('/', ' / ')}`}
              </span>
            </div>
            <ul className={classes.entries} aria-label="Folders here" data-loading={loading || undefined}>
              {here.entries.map((entry) => (
                <li key={entry.path}>
                  <button type="button" className={classes.row} disabled={loading} onClick={() => setPath(entry.path)}>
                    <IconFolder size={18} stroke={1.6} aria-hidden />
                    {entry.name}
                  </button>
                </li>
              ))}
              {here.entries.length === 0 && <li className={classes.none}>There are no folders inside this one.</li>}
            </ul>
          </div>
        </div>
      )}
      {here?.repository === 'present' && <Note>Copies are kept here already. Choose it to go on using them.</Note>}
      <DialogActions aside={<NewName onMade={(name) => onChoose([path, name].filter(Boolean).join('/'))} />}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button disabled={loading || here === undefined} onClick={() => onChoose(path)}>
          {path === '' ? 'Choose the top' : `Choose “${lastName(path)}”`}
        </Button>
      </DialogActions>
    </Stack>
  );
}

/** A folder that is not there yet: it is made with the first copies, so only its name is asked for. */
function NewName({ onMade }: { readonly onMade: (name: string) => void }) {
  const [name, setName] = useState<string | null>(null);
  if (name === null) {
    return (
      <Button variant="subtle" leftSection={<IconFolderPlus size={16} />} onClick={() => setName('')}>
        New folder here
      </Button>
    );
  }
  const clean = name.trim();
  const valid = clean !== '' && clean !== '.' && clean !== '..' && !/[/\\]/.test(clean);
  return (
    <form
      className={classes.newFolder}
      onSubmit={(event) => {
        event.preventDefault();
        // A form inside the form of the dialog below, as React sees it: its sending must not reach that one.
        event.stopPropagation();
        if (valid) onMade(clean);
      }}
    >
      <TextInput
        aria-label="Name of the new folder"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={clean !== '' && !valid ? 'A name without slashes' : null}
        autoFocus
      />
      <Button type="submit" variant="default" disabled={!valid}>
        Use it
      </Button>
    </form>
  );
}
