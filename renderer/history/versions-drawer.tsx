import { Button } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useState } from 'react';
import type { HistoryEntry, Version } from '../../main/api/contract/history.ts';
import type { FolderId } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { SidePanel } from '../parts/dialog.tsx';
import { Failure, Note } from '../parts/failure.tsx';
import { exactTime, list, plural, shortTime, size } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import { Waiting } from '../parts/page.tsx';
import { Tag } from '../parts/pill.tsx';
import { visible } from '../parts/visible.ts';
import { type Gone, gapBefore, goneSince, goneWords } from './gone.ts';
import { Preview } from './preview.tsx';
import classes from './versions.module.css';

interface VersionsDrawerProps {
  readonly file: (HistoryEntry & { readonly folderId: FolderId }) | null;
  readonly onClose: () => void;
  readonly onRestore: (momentId: string, time: string) => void;
}

/** All versions of one file with a look inside, and the button that brings one back. */
export function VersionsDrawer({ file, onClose, onRestore }: VersionsDrawerProps) {
  return (
    <SidePanel opened={file !== null} onClose={onClose} size={480} title={visible(file?.name ?? '')}>
      {file !== null && <Versions file={file} onRestore={onRestore} />}
    </SidePanel>
  );
}

type VersionsProps = Pick<VersionsDrawerProps, 'onRestore'> & {
  readonly file: HistoryEntry & { readonly folderId: FolderId };
};

function Versions({ file, onRestore }: VersionsProps) {
  const query = useData('history.versions', { folderId: file.folderId, key: file.key });
  const destinations = useData('destinations.list', {}).data ?? [];
  const moments = useData('history.moments', { folderId: file.folderId }).data?.moments ?? [];
  const now = useNow();
  const [chosen, setChosen] = useState<Version | null>(null);
  if (query.data === undefined) {
    if (query.error === null) return <Waiting rows={3} height={64} />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  const version = chosen === null ? query.data[0] : (standingFor(chosen, query.data) ?? query.data[0]);
  if (version === undefined) return <Note>No version of this file can be found any more.</Note>;
  const places = version.destinationIds.map(
    (id) => destinations.find((place) => place.id === id)?.name ?? 'a removed destination',
  );
  const gone = file.existsNow || query.data[0] === undefined ? null : goneSince(query.data[0].lastSeenAt, moments);
  const absences = query.data.map((one, index) => {
    const newer = query.data[index - 1];
    return newer === undefined ? null : gapBefore(newer, one, moments);
  });
  const minutes = query.data.map((one) => shortTime(one.modifiedAt ?? one.firstSeenAt));
  const seconds = new Set(minutes).size < minutes.length ? 'with-seconds' : 'minutes';
  return (
    <div className={classes.versions}>
      <p className={classes.path}>{visible(file.path)}</p>
      {gone !== null && (
        <Note tone="warn">
          Deleted, moved or renamed {goneWords(gone, now)}. What it was until then is kept and can be restored.
        </Note>
      )}
      <Preview folderId={file.folderId} momentId={version.momentId} fileKey={file.key} />
      <div className={classes.chosen}>
        <Button
          leftSection={<IconArrowBackUp size={18} />}
          onClick={() => onRestore(version.momentId, version.lastSeenAt)}
          fullWidth
        >
          Restore this version…
        </Button>
        <p className={classes.where}>Kept at {list(places)}</p>
      </div>
      <h3 className={classes.title}>{plural(query.data.length, 'version')}</h3>
      <ul className={classes.list}>
        {query.data.map((one, index) => (
          <li key={`${one.momentId}-${one.contentKey}`}>
            <Absence gone={absences[index] ?? null} now={now} />
            <VersionRow
              version={one}
              chosen={one === version ? 'yes' : 'no'}
              seconds={seconds}
              onChoose={() => setChosen(one)}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The same version in a newer answer: what is stored or thinned out meanwhile moves the moments between which it stood. */
function standingFor(chosen: Version, versions: readonly Version[]): Version | undefined {
  const same = versions.filter(({ contentKey }) => contentKey === chosen.contentKey);
  const overlaps = (one: Version) => one.firstSeenAt <= chosen.lastSeenAt && one.lastSeenAt >= chosen.firstSeenAt;
  return same.find(({ momentId }) => momentId === chosen.momentId) ?? same.find(overlaps);
}

/** Says that a file was not there for a time between two versions. */
function Absence({ gone, now }: { readonly gone: Gone | null; readonly now: number }) {
  if (gone === null) return null;
  return <p className={classes.absence}>Deleted {goneWords(gone, now)}, then there again</p>;
}

interface VersionRowProps {
  readonly version: Version;
  readonly chosen: 'yes' | 'no';
  /** Whether seconds are needed to tell it from the others. */
  readonly seconds: 'with-seconds' | 'minutes';
  readonly onChoose: () => void;
}

function VersionRow({ version, chosen, seconds, onChoose }: VersionRowProps) {
  return (
    <button type="button" className={classes.row} aria-pressed={chosen === 'yes'} onClick={onChoose}>
      <span className={classes.words}>
        <span className={classes.time} title={exactTime(version.modifiedAt ?? version.firstSeenAt)}>
          {shortTime(version.modifiedAt ?? version.firstSeenAt, seconds)}
        </span>
        <span className={classes.span}>
          {version.current ? 'as it is now' : `last seen ${shortTime(version.lastSeenAt)}`}
        </span>
      </span>
      {version.current && <Tag tone="good" label="Current" />}
      <span className={`${classes.size} tabular`}>{size(version.size)}</span>
    </button>
  );
}
