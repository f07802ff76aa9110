import {
  IconAlertTriangle,
  IconBox,
  IconCircleCheck,
  IconCircleDashed,
  IconClockPause,
  IconCloud,
  IconDeviceDesktop,
  IconDeviceUsb,
  IconHistory,
  IconHistoryToggle,
  IconNetwork,
  IconPlayerStop,
  IconPlugConnectedX,
  IconShieldCheck,
  IconStethoscope,
  IconWind,
  IconX,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { CopyState } from '../../main/api/contract/folders.ts';
import type { Run, RunKind, RunState } from '../../main/api/contract/runs.ts';
import type { StorageKind } from '../../main/api/contract/values.ts';

export type Icon = ComponentType<{ size?: number | string; stroke?: number | string; 'aria-hidden'?: boolean }>;

/** The feeling of a state; each has its ink, fill and tint in `tokens.css`. */
export type Tone = 'good' | 'warn' | 'danger' | 'rest' | 'busy';

export interface Wording {
  readonly label: string;
  readonly icon: Icon;
  readonly tone: Tone;
}

export const KIND_WORDS: Readonly<Record<StorageKind, { readonly label: string; readonly icon: Icon }>> = {
  internal: { label: 'Internal disk', icon: IconDeviceDesktop },
  external: { label: 'External disk', icon: IconDeviceUsb },
  network: { label: 'Network', icon: IconNetwork },
  cloud: { label: 'Cloud', icon: IconCloud },
};

export const COPY_WORDS: Readonly<Record<CopyState, Wording>> = {
  good: { label: 'Good', icon: IconCircleCheck, tone: 'good' },
  behind: { label: 'Behind', icon: IconClockPause, tone: 'warn' },
  away: { label: 'Away', icon: IconPlugConnectedX, tone: 'rest' },
  damaged: { label: 'Damaged', icon: IconAlertTriangle, tone: 'danger' },
  new: { label: 'Nothing yet', icon: IconCircleDashed, tone: 'rest' },
};

export const DESTINATION_WORDS: Readonly<Record<'ready' | 'away' | 'damaged' | 'blocked' | 'unknown', Wording>> = {
  ready: { label: 'Ready', icon: IconCircleCheck, tone: 'good' },
  away: { label: 'Away', icon: IconPlugConnectedX, tone: 'rest' },
  damaged: { label: 'Damaged', icon: IconAlertTriangle, tone: 'danger' },
  blocked: { label: 'Needs you', icon: IconAlertTriangle, tone: 'warn' },
  unknown: { label: 'Not looked at yet', icon: IconCircleDashed, tone: 'rest' },
};

export const RUN_WORDS: Readonly<Record<RunState, Wording>> = {
  queued: { label: 'Waiting', icon: IconClockPause, tone: 'rest' },
  running: { label: 'Running', icon: IconCircleDashed, tone: 'busy' },
  done: { label: 'Done', icon: IconCircleCheck, tone: 'good' },
  partial: { label: 'Done, with gaps', icon: IconAlertTriangle, tone: 'warn' },
  failed: { label: 'Failed', icon: IconX, tone: 'danger' },
  cancelled: { label: 'Stopped', icon: IconPlayerStop, tone: 'rest' },
};

export const RUN_KINDS: Readonly<Record<RunKind, { readonly label: string; readonly icon: Icon }>> = {
  backup: { label: 'Backup', icon: IconBox },
  restore: { label: 'Restore', icon: IconHistoryToggle },
  check: { label: 'Check', icon: IconStethoscope },
  drill: { label: 'Restore drill', icon: IconShieldCheck },
  prune: { label: 'Clean-up', icon: IconWind },
  'catch-up': { label: 'Catching up', icon: IconHistory },
};

export const CAUSE_WORDS: Readonly<Record<Run['cause'], string>> = {
  change: 'files changed',
  schedule: 'on schedule',
  person: 'you asked for it',
  reconnected: 'the destination came back',
  start: 'Triplicate started',
};

const PHASE_WORDS: Readonly<Record<string, string>> = {
  scanning: 'Looking for changes',
  reading: 'Copying',
  uploading: 'Copying',
  indexing: 'Finishing',
  checking: 'Checking',
  restoring: 'Restoring',
  verifying: 'Verifying',
  proving: 'Trying a restore',
  storing: 'Copying',
  finishing: 'Finishing',
  pruning: 'Cleaning up',
  planning: 'Planning',
};

/** The phase of a run as it reads on screen; an unknown word is shown as it comes. */
export function phaseWords(phase: string): string {
  return PHASE_WORDS[phase] ?? phase.charAt(0).toUpperCase() + phase.slice(1);
}
