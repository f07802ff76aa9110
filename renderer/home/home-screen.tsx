import { Button } from '@mantine/core';
import { IconFolderHeart, IconFolderPlus, IconPlayerPause, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import type { Folder } from '../../main/api/contract/folders.ts';
import { tellDone, useAction, useData } from '../data.ts';
import card from '../parts/card.module.css';
import { Failure } from '../parts/failure.tsx';
import { plural } from '../parts/format.ts';
import { Empty, usePageTitle, Waiting } from '../parts/page.tsx';
import { Sheets } from '../parts/sheets.tsx';
import { FolderCard } from './folder-card.tsx';
import { FolderDialog } from './folder-dialog.tsx';
import classes from './home.module.css';
import { byNeed, overall } from './overall.ts';

/** Is everything safe? One sentence, then one card a folder. */
export function HomeScreen() {
  usePageTitle('Triplicate');
  const folders = useData('folders.list', {});
  const [adding, setAdding] = useState<'open' | 'closed'>('closed');
  const add = (
    <Button variant="default" leftSection={<IconFolderPlus size={18} stroke={1.8} />} onClick={() => setAdding('open')}>
      Protect a folder
    </Button>
  );
  return (
    <div className={classes.home}>
      {folders.data === undefined && folders.error === null && <Waiting rows={3} height={200} />}
      {folders.data === undefined && <h1 className="visually-hidden">Home</h1>}
      {folders.error !== null && <Failure error={folders.error} onRetry={() => void folders.refetch()} />}
      {folders.data?.length === 0 && (
        <>
          <h1 className="visually-hidden">Home</h1>
          <Empty icon={<IconFolderHeart size={48} stroke={1.3} />} title="Nothing is protected yet" action={add}>
            Choose a folder that you would miss. Triplicate keeps every version of it and tells you how many copies you
            can count on.
          </Empty>
        </>
      )}
      {folders.data !== undefined && folders.data.length > 0 && (
        <>
          <Overview folders={folders.data} />
          <ul className={card.cards}>
            {byNeed(folders.data).map((folder) => (
              <li key={folder.id}>
                <FolderCard folder={folder} />
              </li>
            ))}
          </ul>
          <div>{add}</div>
        </>
      )}
      <FolderDialog opened={adding === 'open'} onClose={() => setAdding('closed')} />
    </div>
  );
}

function Overview({ folders }: { readonly folders: readonly Folder[] }) {
  const state = overall(folders);
  const backup = useAction('runs.backup');
  const update = useAction('settings.update');
  const paused = useData('settings.get', {}).data?.paused === true;
  const copies = (state.about ?? folders[0])?.rule.copies ?? { have: 0, need: 3 };
  return (
    <section className={classes.overview} aria-label="Overview">
      <Sheets have={copies.have} need={copies.need} size={104} tone={state.tone} />
      <div className={classes.overviewWords}>
        <h1 className={classes.sentence}>{state.sentence}</h1>
        <p className={classes.detail}>{state.detail}</p>
      </div>
      <div className={classes.overviewActions}>
        <Button
          leftSection={<IconRefresh size={18} stroke={1.8} />}
          loading={backup.isPending}
          onClick={() =>
            backup.mutate({}, { onSuccess: ({ runs }) => tellDone(`${plural(runs.length, 'backup')} started`) })
          }
        >
          Back up now
        </Button>
        {!paused && (
          <Button
            variant="default"
            leftSection={<IconPlayerPause size={18} stroke={1.8} />}
            loading={update.isPending}
            onClick={() => update.mutate({ paused: true })}
          >
            Pause
          </Button>
        )}
      </div>
    </section>
  );
}
