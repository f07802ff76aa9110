import { Button } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Disk } from '../../main/api/contract/destinations.ts';
import type { StorageKind } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { ChoiceCard } from '../parts/choice-card.tsx';
import { Failure, Note } from '../parts/failure.tsx';
import { useChooseFolder } from '../parts/folder-chooser.tsx';
import { size } from '../parts/format.ts';
import { Waiting } from '../parts/page.tsx';
import { KIND_WORDS } from '../parts/words.ts';
import classes from './choice.module.css';

interface DiskChoiceProps {
  readonly location: string | null;
  /** Null when the disk of the place that was chosen is no longer there. */
  readonly onChange: (place: { location: string; kind: StorageKind } | null) => void;
}

/** The disks of this machine with their free space, and any other folder. */
export function DiskChoice({ location, onChange }: DiskChoiceProps) {
  const disks = useData('destinations.disks', {}, { everyMs: 3_000 });
  const choose = useChooseFolder();
  const [chosenDisk, setChosenDisk] = useState<string | null>(null);
  const isGone = chosenDisk !== null && disks.data?.every(({ path }) => path !== chosenDisk) === true;
  useEffect(() => {
    // Its folder would be made on the disk below, and count as a copy on a disk that it is not on.
    if (isGone && location !== null) onChange(null);
  }, [isGone, location, onChange]);
  const choosePlace = (place: string, disk: Disk | undefined) => {
    setChosenDisk(disk?.path ?? null);
    onChange({ location: place, kind: disk?.kind ?? 'internal' });
  };
  const other = location !== null && !disks.data?.some((disk) => disk.suggestedPath === location) ? location : null;
  const pick = async () => {
    const path = await choose('Where should the copies go?');
    if (path === null) return;
    const disk = disks.data
      ?.filter((candidate) => isAtOrBelow(path, candidate.path))
      .sort((a, b) => b.path.length - a.path.length)[0];
    choosePlace(path, disk);
  };
  if (disks.error !== null) return <Failure error={disks.error} onRetry={() => void disks.refetch()} />;
  if (disks.data === undefined) return <Waiting rows={2} height={64} />;
  return (
    <div className={classes.choices} role="radiogroup" aria-label="Disks">
      {disks.data.map((disk) => (
        <ChoiceCard
          key={disk.path}
          icon={KIND_WORDS[disk.kind].icon}
          title={disk.label}
          text={`${KIND_WORDS[disk.kind].label} · ${size(disk.freeBytes)} free of ${size(disk.totalBytes)}`}
          hint={
            disk.kind === 'internal'
              ? 'The same machine: good against mistakes, not against a broken or stolen computer'
              : undefined
          }
          chosen={location === disk.suggestedPath ? 'yes' : 'no'}
          onChoose={() => choosePlace(disk.suggestedPath, disk)}
        />
      ))}
      {isGone && (
        <Note tone="warn">The disk that you chose is no longer there. Connect it again, or choose another.</Note>
      )}
      {!disks.data.some(({ kind }) => kind !== 'internal') && (
        <p className={classes.hint}>No external disk is connected. Connect one now and it appears here.</p>
      )}
      {other !== null && (
        <ChoiceCard
          icon={KIND_WORDS.internal.icon}
          title={other}
          text="The folder that you chose"
          chosen="yes"
          onChoose={() => {}}
        />
      )}
      <Button
        variant="subtle"
        leftSection={<IconFolderOpen size={16} />}
        onClick={() => void pick()}
        className={classes.other}
      >
        Another folder…
      </Button>
    </div>
  );
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
