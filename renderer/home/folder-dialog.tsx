import { Button, Checkbox, Group, NumberInput, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { IconChevronRight, IconFolderOpen } from '@tabler/icons-react';
import { useState } from 'react';
import type { Folder } from '../../main/api/contract/folders.ts';
import { tellDone, useAction, useData } from '../data.ts';
import { changed } from '../parts/changed.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogActions } from '../parts/dialog-actions.tsx';
import { Failure, Note } from '../parts/failure.tsx';
import { useChooseFolder } from '../parts/folder-chooser.tsx';
import { lastName } from '../parts/format.ts';
import { KIND_WORDS } from '../parts/words.ts';
import classes from './folder-dialog.module.css';

interface FolderDialogProps {
  /** Absent: a new folder is being added. */
  readonly folder?: Folder;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Adds a folder or changes how it is protected. */
export function FolderDialog({ folder, opened, onClose }: FolderDialogProps) {
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      size="lg"
      title={folder === undefined ? 'Protect a folder' : `Edit ${folder.name}`}
    >
      {opened && <FolderForm {...(folder === undefined ? {} : { folder })} onDone={onClose} />}
    </Dialog>
  );
}

const MB = 1_000_000;
const AGES = [
  { value: '4', label: '4 hours' },
  { value: '24', label: 'a day' },
  { value: '48', label: '2 days' },
  { value: '72', label: '3 days' },
  { value: '168', label: 'a week' },
  { value: '720', label: 'a month' },
];

function FolderForm({ folder, onDone }: { readonly folder?: Folder; readonly onDone: () => void }) {
  const destinations = useData('destinations.list', {}).data ?? [];
  const choose = useChooseFolder();
  const add = useAction('folders.add', { errors: 'shown-by-caller' });
  const update = useAction('folders.update', { errors: 'shown-by-caller' });
  const [path, setPath] = useState(folder?.path ?? '');
  const [name, setName] = useState(folder?.name ?? '');
  const [excludes, setExcludes] = useState<string | null>(null);
  const [limit, setLimit] = useState<number | string | null>(null);
  const [markers, setMarkers] = useState(folder?.honourMarkers ?? true);
  const [age, setAge] = useState(String(folder?.maxAgeHours ?? 48));
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [more, setMore] = useState<'shown' | 'hidden'>(folder === undefined ? 'hidden' : 'shown');
  const [before] = useState(folder);
  const to = chosen ?? folder?.destinationIds ?? destinations.map(({ id }) => id);
  const error = add.error ?? update.error;

  const fields = {
    name: name.trim() === '' ? lastName(path) : name.trim(),
    honourMarkers: markers,
    maxAgeHours: Number(age),
  };
  // What was not touched is not sent: it may hold what these fields cannot show, or have been changed by another window.
  const touched = {
    ...(excludes === null ? {} : { excludes: linesOf(excludes) }),
    ...(limit === null ? {} : { excludeLargerThan: typeof limit === 'number' && limit > 0 ? limit * MB : null }),
    // One that was removed meanwhile cannot be unticked any more.
    ...(chosen === null && before !== undefined
      ? {}
      : { destinationIds: destinations.map(({ id }) => id).filter((id) => to.includes(id)) }),
  };
  const save = () => {
    const onSuccess = () => {
      tellDone(folder === undefined ? `${fields.name} is protected` : 'Saved');
      onDone();
    };
    if (before === undefined) add.mutate({ path, ...fields, ...touched }, { onSuccess });
    else update.mutate({ id: before.id, ...changed(before, fields), ...touched }, { onSuccess });
  };
  const pick = async () => {
    const picked = await choose('Which folder do you want to protect?');
    if (picked !== null) setPath(picked);
  };
  const ages = AGES.some(({ value }) => value === age) ? AGES : [...AGES, { value: age, label: `${age} hours` }];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="md">
        {folder === undefined && (
          <Group align="flex-end" gap="xs" wrap="nowrap">
            <TextInput
              label="Folder"
              placeholder="/home/you/Documents"
              value={path}
              onChange={(event) => setPath(event.target.value)}
              flex={1}
              data-autofocus
            />
            <Button variant="default" leftSection={<IconFolderOpen size={16} />} onClick={() => void pick()}>
              Choose…
            </Button>
          </Group>
        )}
        <TextInput
          label="Name"
          placeholder={path === '' ? '' : lastName(path)}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Checkbox.Group label="Copies go to" value={[...to]} onChange={setChosen}>
          <Stack gap="xs" mt="xs">
            {destinations.map((destination) => (
              <Checkbox
                key={destination.id}
                value={destination.id}
                label={`${destination.name} (${KIND_WORDS[destination.kind].label.toLowerCase()})`}
              />
            ))}
            {destinations.length === 0 && (
              <Note tone="warn">There is no destination yet. Add one under Destinations.</Note>
            )}
          </Stack>
        </Checkbox.Group>
        <button
          type="button"
          className={classes.more}
          aria-expanded={more === 'shown'}
          onClick={() => setMore(more === 'shown' ? 'hidden' : 'shown')}
        >
          <IconChevronRight size={16} stroke={2} aria-hidden /> What to leave out, and when to warn
        </button>
        {more === 'shown' && (
          <>
            <Textarea
              label="Leave out"
              description="One pattern a line, for example *.tmp or node_modules"
              value={excludes ?? before?.excludes.join('\n') ?? ''}
              onChange={(event) => setExcludes(event.target.value)}
              autosize
              minRows={2}
              maxRows={6}
            />
            <Group grow align="flex-start">
              <NumberInput
                label="Leave out files larger than"
                description="Empty keeps every file"
                suffix=" MB"
                min={1}
                value={limit ?? (before?.excludeLargerThan == null ? '' : before.excludeLargerThan / MB)}
                onChange={setLimit}
                hideControls
              />
              <Select
                label="A copy is behind after"
                description="Then you are told about it"
                data={ages}
                value={age}
                onChange={(value) => setAge(value ?? '24')}
              />
            </Group>
            <Checkbox
              label="Leave out folders marked as cache"
              description="Those with a CACHEDIR.TAG or .nobackup file inside"
              checked={markers}
              onChange={(event) => setMarkers(event.target.checked)}
            />
          </>
        )}
        {error !== null && <Failure error={error} />}
        <DialogActions>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" disabled={path === ''} loading={add.isPending || update.isPending}>
            {folder === undefined ? 'Protect this folder' : 'Save'}
          </Button>
        </DialogActions>
      </Stack>
    </form>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
