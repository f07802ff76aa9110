import { Button } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import type { StorageKind } from '../../main/api/contract/values.ts';
import { useData } from '../data.ts';
import { ChoiceCard } from '../parts/choice-card.tsx';
import { Failure } from '../parts/failure.tsx';
import { useChooseFolder } from '../parts/folder-chooser.tsx';
import { size } from '../parts/format.ts';
import { Waiting } from '../parts/page.tsx';
import { KIND_WORDS } from '../parts/words.ts';
import classes from './choice.module.css';

interface DiskChoiceProps {
  readonly location: string | null;
  readonly onChange: (place: { location: string; kind: StorageKind }) => void;
}

/** The disks of this machine with their free space, and any other folder. */
export function DiskChoice({ location, onChange }: DiskChoiceProps) {
  const disks = useData('destinations.disks', {}, { everyMs: 3_000 });
  const choose = useChooseFolder();
  const other = location !== null && !disks.data?.some((disk) => disk.suggestedPath === location) ? location : null;
  const pick = async () => {
    const path = await choose('Where should the copies go?');
    if (path === null) return;
    const disk = disks.data
      ?.filter((candidate) => path.startsWith(candidate.path))
      .sort((a, b) => b.path.length - a.path.length)[0];
    onChange({ location: path, kind: disk?.kind ?? 'internal' });
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
          onChoose={() => onChange({ location: disk.suggestedPath, kind: disk.kind })}
        />
      ))}
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
