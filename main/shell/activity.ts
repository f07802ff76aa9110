import type { EventName, EventPayload } from '../api/contract/contract.ts';

type Run = EventPayload<'run.changed'>;
type Folder = EventPayload<'folders.changed'>[number];

/** What the tray shows and what quitting must know, from the contract's events. */
export interface Activity {
  readonly running: readonly Run[];
  readonly folders: readonly Folder[];
}

export type TrayState =
  | { readonly kind: 'working'; readonly text: string }
  | { readonly kind: 'attention'; readonly text: string }
  | { readonly kind: 'good'; readonly text: string }
  | { readonly kind: 'empty'; readonly text: string };

export const NO_ACTIVITY: Activity = { running: [], folders: [] };

/** The activity after one event. */
export function afterEvent<Name extends EventName>(before: Activity, event: Name, payload: unknown): Activity {
  if (event === 'run.changed') {
    const run = payload as Run;
    const others = before.running.filter((other) => other.id !== run.id);
    return { ...before, running: run.state === 'running' || run.state === 'queued' ? [...others, run] : others };
  }
  return event === 'folders.changed' ? { ...before, folders: payload as readonly Folder[] } : before;
}

/** One line about the data, not about the software. */
export function trayState({ running, folders }: Activity): TrayState {
  const active = running.find((run) => run.state === 'running');
  if (active) return { kind: 'working', text: active.title };
  if (folders.length === 0) return { kind: 'empty', text: 'No folder is protected yet' };
  const missing = folders.filter((folder) => folder.watch.state === 'missing');
  if (missing.length > 0) return { kind: 'attention', text: `${names(missing)} cannot be found` };
  const damaged = folders.filter((folder) => folder.copies.some((copy) => copy.state === 'damaged'));
  if (damaged.length > 0) return { kind: 'attention', text: `A copy of ${names(damaged)} is damaged` };
  const overdue = folders.filter((folder) => folder.overdue);
  if (overdue.length > 0) return { kind: 'attention', text: `The backup of ${names(overdue)} is overdue` };
  const alone = folders.filter((folder) => folder.rule.copies.have <= 1);
  if (alone.length > 0) return { kind: 'attention', text: `No proven copy of ${names(alone)}` };
  const fewest = Math.min(...folders.map((folder) => folder.rule.copies.have));
  const copies = `${fewest} copies`;
  return {
    kind: 'good',
    text: folders.length === 1 ? copies : `${folders.length} folders, at least ${copies} of each`,
  };
}

function names(folders: readonly Folder[]): string {
  const [first, ...rest] = folders.map((folder) => folder.name);
  return rest.length === 0 ? `${first}` : `${first} and ${rest.length} more`;
}
