import { Button } from '@mantine/core';
import { IconArrowBackUp, IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import type { HistoryEntry, HistoryFolder, TimelineMoment } from '../../main/api/contract/history.ts';
import { useData } from '../data.ts';
import { Failure } from '../parts/failure.tsx';
import { plural, shortTime } from '../parts/format.ts';
import { Empty, Waiting } from '../parts/page.tsx';
import { visible } from '../parts/visible.ts';
import { FileTable } from './file-table.tsx';
import classes from './history.module.css';
import { MomentList } from './moment-list.tsx';
import { RestoreDialog, type RestoreWish } from './restore-dialog.tsx';
import { Timeline } from './timeline.tsx';
import { nearest } from './timeline-maths.ts';
import { VersionsDrawer } from './versions-drawer.tsx';

interface Crumb {
  readonly name: string;
  readonly key: string;
}

/** One folder through time: the timeline, its moments, the tree as it was. */
export function FolderHistory({ folder }: { readonly folder: HistoryFolder }) {
  const query = useData('history.moments', { folderId: folder.id });
  /** Null: the newest, also when there is a newer one. */
  const [chosen, setChosen] = useState<TimelineMoment | null>(null);
  const moments = query.data?.moments;
  // What is on screen, perhaps with a restore under way, stays when a later question fails.
  if (moments === undefined) {
    if (query.error === null) return <Waiting rows={2} height={160} />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  const moment = chosen === null ? moments[0] : standingFor(chosen, moments);
  if (moment === undefined) {
    return (
      <Empty icon={<IconHistory size={48} stroke={1.3} />} title={`${folder.name} has no history yet`}>
        Its first moment appears here when the first backup is done.
      </Empty>
    );
  }
  return (
    <>
      {query.error !== null && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      <Timeline moments={moments} chosen={moment} onChoose={setChosen} />
      <div className={classes.columns}>
        <MomentList moments={moments} chosen={moment} onChoose={setChosen} />
        <Files
          folder={folder}
          moment={moment}
          newest={moments[0] === moment ? 'yes' : 'no'}
          onStay={() => setChosen(moment)}
        />
      </div>
    </>
  );
}

/** The moment itself; when it is no longer kept, the one nearest to it. */
function standingFor(chosen: TimelineMoment, moments: readonly TimelineMoment[]): TimelineMoment | undefined {
  const at = Date.parse(chosen.time);
  return moments.find(({ id }) => id === chosen.id) ?? nearest(moments, { from: at, to: at }, 0);
}

interface FilesProps {
  readonly folder: HistoryFolder;
  readonly moment: TimelineMoment;
  readonly newest: 'yes' | 'no';
  /** Something was chosen of this moment: a newer one must not take its place. */
  readonly onStay: () => void;
}

function Files({ folder, moment, newest, onStay }: FilesProps) {
  const [trail, setTrail] = useState<readonly Crumb[]>([]);
  const [selected, setSelected] = useState<ReadonlyMap<string, HistoryEntry>>(new Map());
  const [shown, setShown] = useState<HistoryEntry | null>(null);
  const [wish, setWish] = useState<RestoreWish | null>(null);
  const here = trail.at(-1);
  const [seen, setSeen] = useState(moment.id);
  if (seen !== moment.id) {
    // What was selected is of the other moment, and may not be there in this one.
    setSeen(moment.id);
    setSelected(new Map());
  }

  const enter = (next: readonly Crumb[]) => {
    setTrail(next);
    setSelected(new Map());
  };
  const open = (entry: HistoryEntry) => {
    if (entry.type === 'dir') enter([...trail, { name: visible(entry.name), key: entry.key }]);
    else setShown(entry);
  };
  const restoreSelected = () =>
    setWish({
      folder,
      momentId: moment.id,
      keys: [...selected.keys()],
      what:
        selected.size === 1
          ? visible([...selected.values()][0]?.name ?? '')
          : plural(selected.size, 'entry', 'entries'),
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
        onSelect={(next) => {
          onStay();
          setSelected(next);
        }}
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
          setWish({ folder, momentId: momentIdOfVersion, keys: [shown.key], what: visible(shown.name), time });
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
