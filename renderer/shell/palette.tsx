import { useDebouncedValue, useWindowEvent } from '@mantine/hooks';
import { createSpotlight, Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import {
  IconActivity,
  IconBox,
  IconFile,
  IconFolder,
  IconHistory,
  IconHome,
  IconKey,
  IconMoon,
  IconPlayerPause,
  IconPlayerPlay,
  IconSearch,
  IconServer2,
  IconSettings,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { SearchHit } from '../../main/api/contract/history.ts';
import { tellDone, useAction, useData } from '../data.ts';
import { mayStay } from '../history/kept-hits.ts';
import { hitAddress } from '../history/place.ts';
import { visible } from '../parts/visible.ts';

const [store, palette] = createSpotlight();

export function openPalette(): void {
  palette.open();
}

type Action = SpotlightActionData;

const icon = { size: 20, stroke: 1.7, 'aria-hidden': true } as const;

/** Ctrl-K: screens, folders, actions, and files of all history. */
export function Palette() {
  const [query, setQuery] = useState('');
  const [, navigate] = useLocation();
  useTypedAhead((letter) => setQuery((typed) => typed + letter));
  const [text] = useDebouncedValue(query.trim(), 120);
  const files = useData('history.search', { text, limit: 6 }, { enabled: text.length >= 2, keepPrevious: 'keep' });
  const screens = useScreens(navigate);
  const actions = useActions(navigate);
  const folders = useFolders(navigate);
  // Until the answer is there, only what fits the words that are there now: Enter opens the first of them.
  const question = { text: query.trim(), folderId: '', which: 'all' } as const;
  const isOld = files.isPlaceholderData || text !== question.text;
  const found = question.text.length >= 2 ? (files.data?.hits ?? []) : [];
  const hits = isOld ? found.filter((hit) => mayStay(hit, question)) : found;
  const matching = (list: readonly Action[]) => list.filter((action) => matches(action, query));
  return (
    <Spotlight
      store={store}
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      // Files are found by the app, the rest is filtered here: Spotlight only shows.
      filter={(_query, given) => given}
      nothingFound={query.trim() === '' ? 'Type a name' : 'Nothing has this name'}
      scrollable
      maxHeight={420}
      yOffset={88}
      overlayProps={{ backgroundOpacity: 0.35, blur: 1 }}
      styles={{ content: { background: 'var(--surface)' }, search: { background: 'var(--surface)' } }}
      attributes={{ content: { 'aria-label': 'Find files, screens and actions' } }}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: 'Find a file, a screen or an action',
        'aria-label': 'Find a file, a screen or an action',
      }}
      actions={[
        { group: 'Files in all history', actions: hits.map((hit) => fileAction(hit, question.text, navigate)) },
        { group: 'Folders', actions: matching(folders) },
        { group: 'Actions', actions: matching(actions) },
        { group: 'Go to', actions: matching(screens) },
      ].filter((group) => group.actions.length > 0)}
    />
  );
}

/**
 * The field has the focus only some frames after Ctrl-K. Letters typed before it belong to the search all the same:
 * lost ones would find something else, and `g` and `h` would leave the screen.
 */
function useTypedAhead(onLetter: (letter: string) => void): void {
  useWindowEvent(
    'keydown',
    (event) => {
      const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
      const isInside = event.target instanceof Element && event.target.closest('[role=dialog]') !== null;
      if (!isLetter || isInside || !store.getState().opened) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      onLetter(event.key);
    },
    { capture: true },
  );
}

function matches(action: Action, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${action.label ?? ''} ${action.description ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function fileAction(hit: SearchHit, text: string, navigate: (to: string) => void): Action {
  return {
    id: `file-${hit.folderId}-${hit.key}`,
    label: visible(hit.name),
    description: `${hit.existsNow ? '' : 'Deleted · '}${hit.folderName} / ${visible(hit.path)}`,
    leftSection: hit.type === 'dir' ? <IconFolder {...icon} /> : <IconFile {...icon} />,
    onClick: () => navigate(hitAddress(text, hit)),
  };
}

function useScreens(navigate: (to: string) => void): Action[] {
  const go = (id: string, label: string, to: string, leftSection: Action['leftSection']): Action => ({
    id,
    label,
    leftSection,
    onClick: () => navigate(to),
  });
  return [
    go('home', 'Home', '/', <IconHome {...icon} />),
    go('history', 'History', '/history', <IconHistory {...icon} />),
    go('destinations', 'Destinations', '/destinations', <IconServer2 {...icon} />),
    go('activity', 'Activity', '/activity', <IconActivity {...icon} />),
    go('settings', 'Settings', '/settings', <IconSettings {...icon} />),
  ];
}

function useFolders(navigate: (to: string) => void): Action[] {
  const folders = useData('folders.list', {}).data ?? [];
  return folders.map((folder) => ({
    id: `folder-${folder.id}`,
    label: visible(folder.name),
    description: `History of ${visible(folder.path)}`,
    leftSection: <IconFolder {...icon} />,
    onClick: () => navigate(`/history/${folder.id}`),
  }));
}

function useActions(navigate: (to: string) => void): Action[] {
  const backup = useAction('runs.backup');
  const update = useAction('settings.update');
  const settings = useData('settings.get', {}).data;
  const paused = settings?.paused === true;
  return [
    {
      id: 'backup',
      label: 'Back up everything now',
      leftSection: <IconBox {...icon} />,
      onClick: () => backup.mutate({}, { onSuccess: () => tellDone('Backup started') }),
    },
    {
      id: 'pause',
      label: paused ? 'Resume backups' : 'Pause backups',
      leftSection: paused ? <IconPlayerPlay {...icon} /> : <IconPlayerPause {...icon} />,
      onClick: () => update.mutate({ paused: !paused }),
    },
    {
      id: 'deleted',
      label: 'Find a deleted file',
      leftSection: <IconHistory {...icon} />,
      onClick: () => navigate('/history/find/'),
    },
    {
      id: 'kit',
      label: 'Recovery page',
      description: 'Print, save or try the passphrase',
      leftSection: <IconKey {...icon} />,
      onClick: () => navigate('/settings/kit'),
    },
    {
      id: 'theme',
      label: settings?.theme === 'dark' ? 'Light colours' : 'Dark colours',
      leftSection: <IconMoon {...icon} />,
      onClick: () => update.mutate({ theme: settings?.theme === 'dark' ? 'light' : 'dark' }),
    },
  ];
}
