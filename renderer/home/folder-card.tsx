import { Button } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Folder } from '../../main/api/contract/folders.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import { useData } from '../data.ts';
import { isLive } from '../live.ts';
import { Ago } from '../parts/ago.tsx';
import card from '../parts/card.module.css';
import { homePath, plural, size } from '../parts/format.ts';
import { Tag } from '../parts/pill.tsx';
import { RunProgress } from '../parts/progress.tsx';
import { Sheets } from '../parts/sheets.tsx';
import { visible } from '../parts/visible.ts';
import { CopyTiles } from './copy-tiles.tsx';
import classes from './folder-card.module.css';
import { FolderMenu } from './folder-menu.tsx';
import { MissingParts } from './missing-parts.tsx';
import { countTone } from './overall.ts';

/** One folder: how many copies can be counted on, where they are, what is missing, what is going on. */
export function FolderCard({ folder }: { readonly folder: Folder }) {
  const home = useData('system.info', {}).data?.homeFolder;
  const { have, need } = folder.rule.copies;
  const tone = countTone(folder);
  const live = useLiveBackups(folder);
  return (
    <article className={`${card.card} ${classes.card}`} aria-label={folder.name}>
      <div className={classes.header}>
        <Sheets have={have} need={need} size={64} tone={tone} />
        <div className={classes.names}>
          <div className={classes.nameLine}>
            <h2 className={classes.name}>{visible(folder.name)}</h2>
            <span className={classes.count} data-tone={tone}>
              {have >= need ? plural(have, 'copy', 'copies') : `${have} of ${need} copies`}
            </span>
            {folder.overdue && <Tag tone="warn" label="Overdue" />}
          </div>
          <p className={classes.facts}>
            <span className={classes.path}>{visible(homePath(folder.path, home))}</span>
            {folder.size !== null && (
              <span>
                {plural(folder.size.files, 'file')}, {size(folder.size.bytes)}
              </span>
            )}
            {folder.leftOut.excluded > 0 && <span>{folder.leftOut.excluded.toLocaleString('en-US')} excluded</span>}
            <span>
              {folder.lastBackupAt === null ? (
                'never backed up'
              ) : (
                <>
                  backed up <Ago at={folder.lastBackupAt} />
                </>
              )}
            </span>
            <WatchWords folder={folder} />
          </p>
        </div>
        <div className={classes.actions}>
          <Button
            component={Link}
            to={`/history/${folder.id}`}
            variant="default"
            size="sm"
            leftSection={<IconHistory size={16} stroke={1.8} />}
            aria-label={`History of ${folder.name}`}
          >
            History
          </Button>
          <FolderMenu folder={folder} />
        </div>
      </div>
      <CopyTiles folder={folder} />
      {live.map((run) => (
        <RunProgress key={run.id} run={run} title={live.length > 1 ? 'show' : 'hide'} />
      ))}
      <MissingParts folder={folder} />
      <LeftOut folder={folder} />
    </article>
  );
}

/** Each destination has a queue of its own, so several runs may work for one folder at once. */
function useLiveBackups(folder: Folder): readonly Run[] {
  const runs = useData('runs.list', { limit: 100 }).data;
  if (runs === undefined) return folder.activeRun === null ? [] : [folder.activeRun];
  return runs.filter((run) => run.folderId === folder.id && run.kind === 'backup' && isLive(run));
}

function WatchWords({ folder }: { readonly folder: Folder }) {
  const { state, reason, changesWaiting } = folder.watch;
  if (changesWaiting > 0)
    return (
      <span title={reason ?? undefined} className={classes.waiting}>
        {plural(changesWaiting, 'change')} waiting{state === 'paused' && ', paused'}
      </span>
    );
  const words = {
    starting: 'starting to watch',
    watching: 'watching for changes',
    scheduled: 'looked through on schedule',
    paused: 'paused',
    missing: 'folder not found',
  }[state];
  return (
    <span title={reason ?? undefined} className={state === 'watching' ? classes.usual : undefined}>
      {words}
    </span>
  );
}

function LeftOut({ folder }: { readonly folder: Folder }) {
  const { unreadable } = folder.leftOut;
  const runs = useData('runs.list', { limit: 100 }).data;
  const partial = runs?.find((run) => run.folderId === folder.id && run.state === 'partial');
  if (unreadable === 0) return null;
  return (
    <p className={classes.leftOut}>
      {plural(unreadable, 'file or folder', 'files or folders')} could not be read last time; what was stored of{' '}
      {unreadable === 1 ? 'it' : 'them'} before is kept.{' '}
      <Link to={partial === undefined ? '/activity' : `/activity/${partial.id}`}>See which</Link>
    </p>
  );
}
