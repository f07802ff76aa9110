import { Button, Group, Radio, Select, Stack, TextInput } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import { useState } from 'react';
import type { Destination } from '../../main/api/contract/destinations.ts';
import type { HistoryFolder, RestorePlan } from '../../main/api/contract/history.ts';
import type { DestinationId, RunId } from '../../main/api/contract/values.ts';
import { useAction, useData } from '../data.ts';
import { Dialog } from '../parts/dialog.tsx';
import { DialogActions } from '../parts/dialog-actions.tsx';
import { Failure } from '../parts/failure.tsx';
import { useChooseFolder } from '../parts/folder-chooser.tsx';
import { shortTime } from '../parts/format.ts';
import { visible } from '../parts/visible.ts';
import { PlanView } from './plan-view.tsx';
import { RestoreProgress } from './restore-progress.tsx';

/** What the person wants back, before it is decided where to. */
export interface RestoreWish {
  readonly folder: HistoryFolder;
  readonly momentId: string;
  /** None: the whole folder. */
  readonly keys: readonly string[];
  readonly what: string;
  readonly time: string;
}

/** Choose the place, see the plan, watch it happen, read the truthful result. */
export function RestoreDialog({ wish, onClose }: { readonly wish: RestoreWish | null; readonly onClose: () => void }) {
  return (
    <Dialog
      opened={wish !== null}
      onClose={onClose}
      size="lg"
      title={wish === null ? '' : `Restore ${wish.what}`}
      closeOnClickOutside={false}
    >
      {wish !== null && <Flow wish={wish} onClose={onClose} />}
    </Dialog>
  );
}

type Existing = 'skip' | 'replace' | 'keep-both';

function Flow({ wish, onClose }: { readonly wish: RestoreWish; readonly onClose: () => void }) {
  const choose = useChooseFolder();
  const makePlan = useAction('restore.plan', { errors: 'shown-by-caller' });
  const start = useAction('restore.start', { errors: 'shown-by-caller' });
  const [to, setTo] = useState<'original' | 'directory'>('original');
  const [path, setPath] = useState('');
  const [existing, setExisting] = useState<Existing>('keep-both');
  const [from, setFrom] = useState('');
  const [plan, setPlan] = useState<RestorePlan | null>(null);
  const [runId, setRunId] = useState<RunId | null>(null);

  const pick = async () => {
    const picked = await choose('Where should it go?');
    if (picked !== null) setPath(picked);
  };
  const showPlan = () =>
    makePlan.mutate(
      {
        folderId: wish.folder.id,
        momentId: wish.momentId,
        keys: [...wish.keys],
        target: to === 'original' ? { kind: 'original' } : { kind: 'directory', path },
        existing,
        ...(from === '' ? {} : { from: from as DestinationId }),
      },
      { onSuccess: setPlan },
    );

  if (runId !== null && plan !== null) return <RestoreProgress runId={runId} target={plan.target} onClose={onClose} />;
  if (plan !== null) {
    return (
      <PlanView
        plan={plan}
        starting={start.isPending ? 'yes' : 'no'}
        error={start.error}
        onClose={onClose}
        onBack={() => {
          setPlan(null);
          start.reset();
        }}
        onStart={() => start.mutate({ planId: plan.planId }, { onSuccess: (run) => setRunId(run.id) })}
      />
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        showPlan();
      }}
    >
      <Stack gap="md">
        <p style={{ margin: 0 }}>
          As it was {shortTime(wish.time)}. You see the plan first; until then nothing is written.
        </p>
        <Radio.Group label="Where to" value={to} onChange={(value) => setTo(value as typeof to)}>
          <Stack gap="xs" mt="xs">
            <Radio value="original" label="Its original place" description={visible(wish.folder.path)} data-autofocus />
            <Radio value="directory" label="Another folder" />
            {to === 'directory' && (
              <Group gap="xs" pl={32} wrap="nowrap">
                <TextInput
                  aria-label="Folder to restore into"
                  placeholder="/home/you/Restored"
                  value={path}
                  onChange={(event) => setPath(event.target.value)}
                  flex={1}
                />
                <Button variant="default" leftSection={<IconFolderOpen size={16} />} onClick={() => void pick()}>
                  Choose…
                </Button>
              </Group>
            )}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label="When a file is already there"
          value={existing}
          onChange={(value) => setExisting(value as Existing)}
        >
          <Stack gap="xs" mt="xs">
            <Radio
              value="keep-both"
              label="Keep both"
              description="The restored one gets another name. Nothing is lost."
            />
            <Radio value="skip" label="Leave what is there" description="Only what is missing is restored." />
            <Radio value="replace" label="Replace it" description="The restored version takes its place." />
          </Stack>
        </Radio.Group>
        <SourceChoice wish={wish} value={from} onChange={setFrom} />
        {makePlan.error !== null && <Failure error={makePlan.error} />}
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={to === 'directory' && path === ''} loading={makePlan.isPending}>
            Show the plan
          </Button>
        </DialogActions>
      </Stack>
    </form>
  );
}

interface SourceChoiceProps {
  readonly wish: RestoreWish;
  readonly value: string;
  readonly onChange: (destinationId: string) => void;
}

const NOTES: Partial<Record<Destination['state'], string>> = {
  damaged: ' (damaged: some files may be missing)',
  away: ' (away now)',
  blocked: ' (cannot be used now)',
};

/** The copy to restore from, where several have this moment; otherwise the plan names the only one. */
function SourceChoice({ wish, value, onChange }: SourceChoiceProps) {
  const moments = useData('history.moments', { folderId: wish.folder.id }).data?.moments;
  const destinations = useData('destinations.list', {}).data ?? [];
  const copies = moments?.find(({ id }) => id === wish.momentId)?.copies ?? [];
  const holders = copies.flatMap(({ destinationId }) => destinations.filter(({ id }) => id === destinationId));
  const best = holders.find(({ state }) => state !== 'away' && state !== 'blocked');
  if (best === undefined || holders.length < 2) return null;
  return (
    <Select
      label="From which copy"
      value={value}
      allowDeselect={false}
      onChange={(next) => onChange(next ?? '')}
      data={[
        { value: '', label: `The best one now: ${best.name}` },
        ...holders.map(({ id, name, state }) => ({
          value: id as string,
          label: name + (NOTES[state] ?? ''),
          disabled: state === 'away' || state === 'blocked',
        })),
      ]}
    />
  );
}
