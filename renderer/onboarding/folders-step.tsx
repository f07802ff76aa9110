import { Button } from '@mantine/core';
import { IconFolder, IconFolderPlus } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useData } from '../data.ts';
import { ChoiceCard } from '../parts/choice-card.tsx';
import { Failure } from '../parts/failure.tsx';
import { useChooseFolder } from '../parts/folder-chooser.tsx';
import { homePath, lastName, size } from '../parts/format.ts';
import { Waiting } from '../parts/page.tsx';
import classes from './guide.module.css';
import type { StepProps } from './guide.tsx';
import { StepFrame } from './step-frame.tsx';

export function FoldersStep({ plan, onChange, onBack, onNext, info }: StepProps) {
  const suggestions = useData('setup.suggestFolders', {});
  const choose = useChooseFolder();
  const suggested = suggestions.data ?? [];
  const own = plan.folders.filter((path) => !suggested.some((folder) => folder.path === path));

  // Only the arrival of the suggestions may choose for the person, and only once.
  const preset = useRef<'done' | 'open'>(plan.folders.length > 0 ? 'done' : 'open');
  useEffect(() => {
    if (preset.current === 'done' || suggestions.data === undefined) return;
    preset.current = 'done';
    onChange({ ...plan, folders: suggestions.data.filter(({ recommended }) => recommended).map(({ path }) => path) });
  }, [suggestions.data, plan, onChange]);

  const toggle = (path: string) =>
    onChange({
      ...plan,
      folders: plan.folders.includes(path) ? plan.folders.filter((one) => one !== path) : [...plan.folders, path],
    });
  const add = async () => {
    const path = await choose('Which folder do you want to protect?');
    if (path !== null && !plan.folders.includes(path)) onChange({ ...plan, folders: [...plan.folders, path] });
  };
  return (
    <StepFrame
      title="What would you miss?"
      lead="Choose the folders to protect. You can add more at any time."
      onBack={onBack}
      onNext={onNext}
      ready={plan.folders.length > 0 ? 'ready' : 'not-ready'}
    >
      {suggestions.error !== null && <Failure error={suggestions.error} onRetry={() => void suggestions.refetch()} />}
      {suggestions.isPending && <Waiting rows={3} height={64} />}
      <fieldset className={classes.choices} style={{ border: 0, margin: 0, padding: 0 }}>
        <legend className="visually-hidden">Folders to protect</legend>
        {suggested.map((folder) => (
          <ChoiceCard
            key={folder.path}
            among="many"
            icon={IconFolder}
            title={folder.label}
            text={[homePath(folder.path, info.homeFolder), folder.bytes === null ? '' : size(folder.bytes)]
              .filter(Boolean)
              .join(' · ')}
            chosen={plan.folders.includes(folder.path) ? 'yes' : 'no'}
            onChoose={() => toggle(folder.path)}
          />
        ))}
        {own.map((path) => (
          <ChoiceCard
            key={path}
            among="many"
            icon={IconFolder}
            title={lastName(path)}
            text={homePath(path, info.homeFolder)}
            chosen="yes"
            onChoose={() => toggle(path)}
          />
        ))}
      </fieldset>
      <Button
        variant="default"
        leftSection={<IconFolderPlus size={18} />}
        onClick={() => void add()}
        style={{ alignSelf: 'flex-start' }}
      >
        Another folder…
      </Button>
    </StepFrame>
  );
}
