import { Button, CloseButton, Select, TextInput } from '@mantine/core';
import { IconFolder, IconHistory, IconSearch, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { Failure } from '../parts/failure.tsx';
import { Empty, Page, Waiting } from '../parts/page.tsx';
import { FolderHistory } from './folder-history.tsx';
import classes from './history.module.css';
import { folderChoices, useHistoryFolders } from './history-folders.ts';
import { parseRest } from './place.ts';
import { SearchResults } from './search-results.tsx';

/** Any file from any moment: browse a folder as it was, or search a name over everything that ever was. */
export function HistoryScreen({ rest }: { readonly rest: string }) {
  const [, navigate] = useLocation();
  const place = parseRest(rest);
  const [text, setText] = useState(place.text);
  /** The folder to search in; empty for all. */
  const [scope, setScope] = useState('');
  const [which, setWhich] = useState<'all' | 'deleted'>('all');
  const [seen, setSeen] = useState(rest);
  /** The folder that is shown where the address names none. */
  const [standing, setStanding] = useState<string | undefined>(undefined);
  if (seen !== rest) {
    setSeen(rest);
    setText(place.text);
    setWhich('all');
    setScope('');
    setStanding(undefined);
  }
  const folders = useHistoryFolders();
  const [first] = folders.all;
  if (place.folderId === undefined && standing === undefined && first !== undefined) setStanding(first.id);
  const wanted = place.folderId ?? standing;
  // No other folder takes the place of one that is gone: what is shown or chosen there would be taken for that one's.
  const folder = folders.all.find(({ id }) => id === wanted);
  const isGone = wanted !== undefined && folder === undefined && folders.state === 'complete';
  const searching = place.mode === 'find' || text !== '' || which === 'deleted';

  return (
    <Page
      title="History"
      layout="fill"
      actions={
        <div className={classes.tools}>
          {first !== undefined && (
            <Select
              aria-label="Folder"
              w={180}
              leftSection={<IconFolder size={16} stroke={1.7} />}
              allowDeselect={false}
              value={searching ? scope : ((folder?.id as string | undefined) ?? null)}
              placeholder="Choose a folder"
              data={[
                ...(searching ? [{ value: '', label: 'All folders' }] : []),
                ...folderChoices(folders.listed ?? [], folders.past),
              ]}
              onChange={(id) => (searching ? setScope(id ?? '') : navigate(`/history/${id ?? ''}`))}
            />
          )}
          {folder !== undefined && !searching && (
            <Button
              variant="default"
              leftSection={<IconTrash size={16} stroke={1.7} />}
              onClick={() => {
                setScope(folder.id);
                setWhich('deleted');
              }}
            >
              Deleted files
            </Button>
          )}
          <TextInput
            aria-label="Search all history, deleted files too"
            placeholder="Search all history, deleted files too"
            w={260}
            leftSection={<IconSearch size={16} stroke={1.9} />}
            rightSection={
              searching ? (
                <CloseButton
                  aria-label="End the search"
                  onClick={() => {
                    setText('');
                    setWhich('all');
                    navigate(`/history/${wanted ?? ''}`);
                  }}
                />
              ) : null
            }
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') {
                event.preventDefault();
                document.querySelector<HTMLElement>('[data-hit]')?.focus();
              } else if (event.key === 'Escape' && text !== '') setText('');
            }}
            data-search
            autoFocus={place.mode === 'find'}
          />
        </div>
      }
    >
      {folders.error !== null && <Failure error={folders.error} onRetry={() => void folders.refetch()} />}
      {folder === undefined && folders.state === 'loading' && folders.error === null && (
        <Waiting rows={2} height={200} />
      )}
      {folders.listed !== undefined && folders.all.length === 0 && (
        <Empty icon={<IconHistory size={48} stroke={1.3} />} title="No history yet">
          As soon as a folder is protected, every version of its files can be found here.
        </Empty>
      )}
      {isGone && !searching && first !== undefined && (
        <Empty icon={<IconHistory size={48} stroke={1.3} />} title="This folder is not protected any more">
          Its versions stay at the destinations. Choose it above among those that are not protected, or another folder.
        </Empty>
      )}
      {first !== undefined && searching && (
        <SearchResults
          text={text}
          folderId={scope}
          which={which}
          onWhich={setWhich}
          {...(place.hit === undefined ? {} : { openHit: place.hit })}
          onHitClosed={() => navigate(`/history/find/${encodeURIComponent(text)}`, { replace: true })}
        />
      )}
      {folder !== undefined && !searching && <FolderHistory key={folder.id} folder={folder} />}
    </Page>
  );
}
