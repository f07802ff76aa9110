import type { StorageKind } from '../../main/api/contract/values.ts';
import { KIND_WORDS } from '../parts/words.ts';

export const KIND_CHOICES = (Object.keys(KIND_WORDS) as StorageKind[]).map((kind) => ({
  value: kind,
  label: KIND_WORDS[kind].label,
}));

export const INTERVALS: readonly { value: string; label: string }[] = [
  { value: '0', label: 'With every change' },
  { value: '15', label: 'At most every 15 minutes' },
  { value: '60', label: 'At most once an hour' },
  { value: '360', label: 'At most every 6 hours' },
  { value: '1440', label: 'At most once a day' },
];

/** The location text of a path at an rclone remote. */
export function remoteLocation(remote: string, path: string): string {
  return `rclone:${remote.replace(/:$/, '')}:${path.replace(/^\/+/, '')}`;
}

/** Whether two locations are folders of one remote: while its folder is typed, each letter makes a new location. */
export function isSameRemote(a: string, b: string): boolean {
  const remote = (location: string) => /^rclone:[^:]+:/.exec(location)?.[0];
  return a === b || (remote(a) !== undefined && remote(a) === remote(b));
}

/** `My disk` from what is known of a place, as a name to start with. */
export function guessName(location: string): string {
  const remote = /^rclone:([^:]+):/.exec(location)?.[1];
  if (remote !== undefined) return remote.charAt(0).toUpperCase() + remote.slice(1);
  const parts = location.split(/[/\\]/).filter((part) => part !== '' && !/^triplicate$/i.test(part));
  return parts.at(-1) ?? 'Disk';
}
