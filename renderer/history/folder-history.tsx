import { Button } from '@mantine/core';
import { IconArrowBackUp, IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import type { HistoryEntry, HistoryFolder, TimelineMoment } from '../../main/api/contract/history.ts';
import { useData } from '../data.ts';
import { Failure } from '../parts/failure.tsx';
import { plural, shortTime } from '../parts/format.ts';
import { Empty, Waiting } from '../parts/page.tsx';
import { FileTable } from './file-table.tsx';
import classes from './history.module.css';
import { MomentList } from './moment-list.tsx';
import { RestoreDialog, type RestoreWish } from './restore-dialog.tsx';
import { Timeline } from './timeline.tsx';
import { VersionsDrawer } from './versions-drawer.tsx';

interface Crumb {
  readonly name: string;
  readonly key: string;
}

/** One folder through time: the timeline, its moments, the tree as it was. */
export function FolderHistory({ folder }: { readonly folder: HistoryFolder }) {
  const query = useData('history.moments', { folderId: folder.id });
  const [momentId, setMomentId] = useState<string | null>(null);
  const moments = query.data?.moments;
  if (query.error !== null) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (moments === undefined) return <Waiting rows={2} height={160} />;
  const moment = moments.find(({ id }) => id === momentId) ?? moments[0];
  if (moment === undefined) {
    return (
      <Empty icon={<IconHistory size={48} stroke={1.3} />} title={`${folder.name} has no history yet`}>
        Its first moment appears here when the first backup is done.
      </Empty>
    );
  }
  return (
    <>
      <Timeline moments={moments} chosen={moment} onChoose={({ id }) => setMomentId(id)} />
      <div className={classes.columns}>
        <MomentList moments={moments} chosen={moment} onChoose={({ id }) => setMomentId(id)} />
        <Files folder={folder} moment={moment} newest={moments[0] === moment ? 'yes' : 'no'} />
      </div>
    </>
  );
}

interface FilesProps {
  readonly folder: HistoryFolder;
  readonly moment: TimelineMoment;
  readonly newest: 'yes' | 'no';
}

function Files({ folder, moment, newest }: FilesProps) {
  const [trail, setTrail] = useState<readonly Crumb[]>([]);
  const [selected, setSelected] = useState<ReadonlyMap<string, HistoryEntry>>(new Map());
  const [shown, setShown] = useState<HistoryEntry | null>(null);
  const [wish, setWish] = useState<RestoreWish | null>(null);
  const here = trail.at(-1);

  const enter = (next: readonly Crumb[]) => {
    setTrail(next);
    setSelected(new Map());
  };
  const open = (entry: HistoryEntry) => {
    if (entry.type === 'dir') enter([...trail, { name: entry.name, key: entry.key }]);
    else setShown(entry);
  };
  const restoreSelected = () =>
    setWish({
      folder,
      momentId: moment.id,
      keys: [...selected.keys()],
      what: selected.size === 1 ? ([...selected.values()][0]?.name ?? '') : plural(selected.size, 'entry', 'entries'),
      time: moment.time,
    });
  const restoreHere = () =>
    setWish({
      folder,
      momentId: moment.id,
      keys: here === undefined ? [] : [here.key],
      what: here?.name ?? `all of ${folder.name}`,
      time: moment.time,
    });

  return (
    <section className={classes.files} aria-label={`Files of ${folder.name}`}>
      <div className={classes.bar}>
        <nav className={classes.trail} aria-label="Folder path">
          {[{ name: folder.name, key: '' }, ...trail].map((crumb, depth) => (
            <span key={crumb.key}>
              {depth > 0 && <span aria-hidden>/</span>}
              <button
                type="button"
                className={classes.crumb}
                title={crumb.name}
                aria-current={depth === trail.length ? 'location' : undefined}
                onClick={() => enter(trail.slice(0, depth))}
              >
                {crumb.name}
              </button>
            </span>
          ))}
        </nav>
        <span className={classes.asOf}>
          {newest === 'yes' ? 'as of the last backup' : `as it was ${shortTime(moment.time)}`}
        </span>
        <Button
          size="compact-sm"
          variant="subtle"
          flex="none"
          leftSection={<IconArrowBackUp size={15} />}
          onClick={restoreHere}
        >
          Restore this folder
        </Button>
      </div>
      <FileTable
        folderId={folder.id}
        momentId={moment.id}
        directoryKey={here?.key}
        selected={selected}
        onSelect={setSelected}
        onOpen={open}
        onUp={() => enter(trail.slice(0, -1))}
      />
      {selected.size > 0 && (
        <div className={classes.basket}>
          <span className={classes.basketWords}>{plural(selected.size, 'entry', 'entries')} selected</span>
          <Button variant="subtle" size="sm" onClick={() => setSelected(new Map())}>
            Clear
          </Button>
          <Button size="sm" leftSection={<IconArrowBackUp size={16} />} onClick={restoreSelected}>
            Restore…
          </Button>
        </div>
      )}
      <VersionsDrawer
        file={shown === null ? null : { ...shown, folderId: folder.id }}
        onClose={() => setShown(null)}
        onRestore={(momentIdOfVersion, time) => {
          if (shown === null) return;
          setWish({ folder, momentId: momentIdOfVersion, keys: [shown.key], what: shown.name, time });
          setShown(null);
        }}
      />
      <RestoreDialog
        wish={wish}
        onClose={() => {
          setWish(null);
          setSelected(new Map());
        }}
      />
    </section>
  );
}
