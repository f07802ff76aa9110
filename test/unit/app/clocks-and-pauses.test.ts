import { expect, it, vi } from 'vitest';
import type { DestinationId, FolderId } from '../../../main/api/contract/values.ts';
import type { Core } from '../../../main/app/core.ts';
import { AppEvents } from '../../../main/app/events.ts';
import type { Folders } from '../../../main/app/folders.ts';
import { PastFolders } from '../../../main/app/past-folders.ts';
import { PendingChanges } from '../../../main/app/pending-changes.ts';
import { FIRST_CONFIGURATION } from '../../../main/app/records.ts';
import { Scheduler, type SchedulerParts } from '../../../main/app/scheduler.ts';
import { Watching } from '../../../main/app/watching.ts';
import { Work, type WorkParts } from '../../../main/app/work.ts';
import { toldWatcher } from '../../support/told-watcher.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-10T12:00:00.000Z');
const folder = { id: 'f' as FolderId, name: 'F', path: '/f', destinationIds: ['disk'] };
const settings = { ...FIRST_CONFIGURATION.settings, paused: true };

it('a folder that is not there is missing, also while backups are paused', async () => {
  const watcher = toldWatcher();
  const core = {
    ports: { clock: { now: () => NOW }, startProcess: watcher.startProcess },
    configuration: { value: { settings, destinations: [] } },
    events: new AppEvents(),
    stateFolder: '/home',
    changed: () => undefined,
  } as unknown as Core;
  const watching = new Watching(core, new PendingChanges());
  watching.start({ records: () => [folder], onChange: () => undefined } as unknown as Folders);
  watcher.tell({ kind: 'ready', root: '/f' });
  expect(watching.state('f').state).toBe('paused');
  watcher.tell({ kind: 'missing', root: '/f', reason: 'It cannot be found.' });
  expect(watching.state('f')).toEqual({ state: 'missing', reason: 'It cannot be found.' });
  expect(watching.missingSince('f')).toBe(NOW);
  watcher.tell({ kind: 'ready', root: '/f' });
  expect(watching.missingSince('f')).toBeNull();
  await watching.close();
});

it('past folders are looked for again when the clock was put back', async () => {
  let now = NOW;
  let held = ['/old'];
  const core = {
    ports: { clock: { now: () => now } },
    configuration: { value: { destinations: [{ id: 'disk' }] } },
    engine: { call: async () => held.map((path) => ({ path, destinationIds: ['disk'] })) },
    stateFolder: '/home',
  } as unknown as Core;
  const past = new PastFolders(core, { records: () => [] } as unknown as Folders, () => []);
  expect((await past.list()).map(({ path }) => path)).toEqual(['/old']);
  held = ['/old', '/other'];
  expect(await past.list()).toHaveLength(1);
  now -= 400 * DAY;
  expect(await past.list()).toHaveLength(2);
});

it('a folder that is kept elsewhere by now, and was never proven here, asks for no trial restore for ever', () => {
  const kept = { ...folder, destinationIds: [] };
  const at = new Date(NOW - 2 * 3_600_000).toISOString();
  const record = { id: 'disk', addedAt: at, damage: null, lastPruneAt: at, lastCheckAt: at, lastDrillAt: at };
  const copy = { folderId: 'f', destinationId: 'disk', lastSnapshotAt: at, lastVerifiedAt: null };
  const core = {
    ports: { clock: { now: () => NOW }, power: { source: () => 'mains' } },
    configuration: { value: FIRST_CONFIGURATION },
    ledger: { value: { copies: [copy], places: [] } },
    secrets: { state: 'unlocked' },
  } as unknown as Core;
  const drill = vi.fn();
  const scheduler = new Scheduler(core, {
    folders: { records: () => [kept], list: () => [] },
    destinations: { records: () => [record] },
    watch: { live: () => ({ state: 'ready' }), lookAround: async () => undefined },
    runs: { open: () => [], queuedAt: () => 0 },
    pending: new PendingChanges(),
    work: { drill, groups: () => [], damagedFor: () => undefined },
    catchUp: { isDue: () => false },
  } as unknown as SchedulerParts);
  scheduler.tick();
  expect(drill).not.toHaveBeenCalled();
});

it('a share that is mounted has runs of its own, as a remote has: where it hangs, no disk waits for it', () => {
  const kinds: Record<string, string> = { usb: 'external', nas: 'network', here: 'internal', drive: 'cloud' };
  const work = new Work(
    {} as Core,
    {
      destinations: { record: (id: string) => ({ location: `/${id}`, kind: kinds[id] }) },
      watch: { live: () => ({ state: 'ready' }) },
    } as unknown as WorkParts,
  );
  expect(work.groups(Object.keys(kinds) as DestinationId[])).toEqual([['usb', 'here'], ['nas'], ['drive']]);
});
