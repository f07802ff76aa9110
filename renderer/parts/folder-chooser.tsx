import { Button, Stack, TextInput } from '@mantine/core';
import { IconArrowUp, IconFolder, IconFolderPlus } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { createContext, type ReactNode, use, useCallback, useRef, useState } from 'react';
import type { Output } from '../../main/api/contract/contract.ts';
import { tellError, useAction, useClient, useData } from '../data.ts';
import { Dialog } from './dialog.tsx';
import { DialogActions } from './dialog-actions.tsx';
import { Failure } from './failure.tsx';
import classes from './folder-chooser.module.css';
import { lastName } from './format.ts';
import { Waiting } from './page.tsx';
import { visible } from './visible.ts';

/** The height of one entry, as in the style sheet. */
const ROW = 36;

type Choose = (title: string) => Promise<string | null>;

const ChooseContext = createContext<Choose | null>(null);

/** Lets the person pick a folder: with the system's own chooser where the host has one, else with ours. */
export function useChooseFolder(): Choose {
  const choose = use(ChooseContext);
  if (choose === null) throw new Error('useChooseFolder needs a FolderChooserProvider above it.');
  return choose;
}

export function FolderChooserProvider({ children }: { readonly children: ReactNode }) {
  const client = useClient();
  const [open, setOpen] = useState<{ title: string; answer: (path: string | null) => void } | null>(null);
  const choose = useCallback<Choose>(
    async (title) => {
      try {
        const info = await client.call('system.info', {});
        if (info.nativeDialogs) return (await client.call('system.chooseFolder', { title })).path;
      } catch (error) {
        tellError(error);
        return null;
      }
      return new Promise((resolve) => setOpen({ title, answer: resolve }));
    },
    [client],
  );
  const close = (path: string | null) => {
    open?.answer(path);
    setOpen(null);
  };
  return (
    <ChooseContext value={choose}>
      {children}
      <Dialog opened={open !== null} onClose={() => close(null)} title={open?.title} size="lg">
        {open !== null && <Browser onDone={close} />}
      </Dialog>
    </ChooseContext>
  );
}

function Browser({ onDone }: { readonly onDone: (path: string | null) => void }) {
  const [path, setPath] = useState<string | undefined>(undefined);
  const listing = useData('system.browse', path === undefined ? {} : { path }, { keepPrevious: 'keep' });
  const here = listing.data;
  return (
    <Stack gap="md">
      {listing.error !== null && (
        <Failure error={listing.error}>
          <Button size="xs" variant="default" onClick={() => setPath(here?.parent ?? undefined)}>
            Go back
          </Button>
        </Failure>
      )}
      {here === undefined && listing.error === null && <Waiting rows={1} height={320} />}
      {here !== undefined && (
        <div className={classes.browser}>
          <nav className={classes.shortcuts} aria-label="Places">
            {here.shortcuts.map((shortcut) => (
              <button
                key={shortcut.path}
                type="button"
                className={classes.row}
                aria-current={shortcut.path === here.path || undefined}
                onClick={() => setPath(shortcut.path)}
              >
                {shortcut.label}
              </button>
            ))}
          </nav>
          <div className={classes.listing}>
            <div className={classes.where}>
              <Button
                size="compact-sm"
                variant="subtle"
                leftSection={<IconArrowUp size={14} />}
                disabled={here.parent === null}
                onClick={() => setPath(here.parent ?? undefined)}
              >
                Up
              </Button>
              <span className={classes.path}>{visible(here.path)}</span>
            </div>
            <Entries key={here.path} entries={here.entries} onEnter={setPath} />
          </div>
        </div>
      )}
      <DialogActions aside={here === undefined ? <span /> : <NewFolder parent={here.path} onMade={setPath} />}>
        <Button variant="default" onClick={() => onDone(null)}>
          Cancel
        </Button>
        <Button disabled={here === undefined} onClick={() => onDone(here?.path ?? null)}>
          {here === undefined ? 'Choose' : `Choose “${visible(lastName(here.path))}”`}
        </Button>
      </DialogActions>
    </Stack>
  );
}

interface EntriesProps {
  readonly entries: Output<'system.browse'>['entries'];
  readonly onEnter: (path: string) => void;
}

/** Only what is near the window is drawn: a folder may hold ten thousands. */
function Entries({ entries, onEnter }: EntriesProps) {
  const scroller = useRef<HTMLUListElement>(null);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 50,
  });
  return (
    <ul ref={scroller} className={classes.entries} aria-label="Folders here">
      <li style={{ height: virtual.getTotalSize() }} aria-hidden="true" />
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const entry = entries[index];
        if (entry === undefined) return null;
        return (
          <li key={key} className={classes.place} style={{ transform: `translateY(${start}px)` }}>
            {/* The second click of two falls on what has taken the place of this folder. */}
            <button
              type="button"
              className={classes.row}
              title={visible(entry.name)}
              onClick={({ detail }) => detail < 2 && onEnter(entry.path)}
            >
              <IconFolder size={18} stroke={1.6} aria-hidden />
              <span className={classes.entryName}>{visible(entry.name)}</span>
            </button>
          </li>
        );
      })}
      {entries.length === 0 && <li className={classes.none}>There are no folders inside this one.</li>}
    </ul>
  );
}

function NewFolder({ parent, onMade }: { readonly parent: string; readonly onMade: (path: string) => void }) {
  const [name, setName] = useState<string | null>(null);
  const make = useAction('system.createFolder');
  if (name === null) {
    return (
      <Button variant="subtle" leftSection={<IconFolderPlus size={16} />} onClick={() => setName('')}>
        New folder
      </Button>
    );
  }
  return (
    <form
      className={classes.newFolder}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        make.mutate(
          { parent, name },
          {
            onSuccess: (made) => {
              setName(null);
              onMade(made.path);
            },
          },
        );
      }}
    >
      <TextInput aria-label="Name of the new folder" value={name} onChange={(e) => setName(e.target.value)} autoFocus />
      <Button type="submit" variant="default" disabled={name.trim() === ''} loading={make.isPending}>
        Create
      </Button>
    </form>
  );
}
