import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Core, placeOf } from '../../../main/app/core.ts';
import { DestinationWatch } from '../../../main/app/destination-watch.ts';
import { AppEvents } from '../../../main/app/events.ts';
import {
  configuration,
  destinationRecord,
  FIRST_CONFIGURATION,
  FIRST_LEDGER,
  ledger,
} from '../../../main/app/records.ts';
import { openStateFile } from '../../../main/app/state-file.ts';
import { TriplicateError } from '../../../main/engine/errors.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

const START = Date.parse('2026-03-10T12:00:00.000Z');
const MINUTE = 60_000;
let folder: TemporaryFolder;
let core: Core;
let now: number;
let answer: () => unknown;
const at = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();
const disk = destinationRecord.parse({
  id: 'disk',
  name: 'Disk',
  location: '/disk',
  kind: 'external',
  offsite: false,
  minIntervalMinutes: 0,
  retention: { keepAllHours: 24, hourlyForHours: 0, dailyForDays: 0, weeklyForWeeks: 0, monthlyForMonths: 0 },
  addedAt: at(-1000),
  damage: null,
  lastSeenAt: at(-60),
  lastCheckAt: null,
  lastDrillAt: null,
  lastPruneAt: null,
  usedBytes: null,
  snapshots: null,
});

beforeEach(async () => {
  folder = await temporaryFolder('absences');
  now = START;
  answer = () => ({ repository: 'present', freeBytes: 1, totalBytes: 2 });
  const path = (name: string): string => join(folder.path, name);
  const initial = { ...FIRST_CONFIGURATION, destinations: [disk] };
  core = {
    ports: { clock: { now: () => now } } as Core['ports'],
    log: pino({ level: 'silent' }),
    events: new AppEvents(),
    engine: { call: async () => answer(), close: async () => undefined } as unknown as Core['engine'],
    secrets: { state: 'unlocked', of: () => 'secret' } as unknown as Core['secrets'],
    configuration: await openStateFile({ path: path('c'), schema: configuration, initial, now: () => now }),
    ledger: await openStateFile({ path: path('l'), schema: ledger, initial: FIRST_LEDGER, now: () => now }),
    stateFolder: folder.path,
    changed: () => undefined,
  };
});
afterEach(async () => {
  await core.ledger.settled();
  await core.configuration.settled();
  await folder.remove();
});

const absences = () => placeOf(core.ledger.value, 'disk')?.absences ?? [];
const gone = () => {
  answer = () => ({ repository: 'absent', freeBytes: null, totalBytes: null });
};
const back = () => {
  answer = () => ({ repository: 'present', freeBytes: 1, totalBytes: 2 });
};

async function look(watch: DestinationWatch, minutes: number): Promise<void> {
  now = START + minutes * MINUTE;
  await watch.look(disk);
}

it('lasts from the last look that found the destination to the first that finds it again', async () => {
  const watch = new DestinationWatch(core);
  await look(watch, 0);
  await look(watch, 5);
  gone();
  await look(watch, 7);
  await look(watch, 9);
  expect(absences()).toEqual([{ from: at(5), to: null }]);
  back();
  await look(watch, 30);
  await look(watch, 31);
  expect(absences()).toEqual([{ from: at(5), to: at(30) }]);
});

it('goes on over a restart, and begins when the destination was last seen in an earlier start', async () => {
  gone();
  await look(new DestinationWatch(core), 0);
  expect(absences()).toEqual([{ from: at(-60), to: null }]);
  await look(new DestinationWatch(core), 10);
  back();
  await look(new DestinationWatch(core), 20);
  expect(absences()).toEqual([{ from: at(-60), to: at(20) }]);
});

it('lasts while the destination can be looked at and not written to', async () => {
  const watch = new DestinationWatch(core);
  const full = { code: 'store/full', message: 'It is full.', hint: '', retry: 'backoff', data: {} } as const;
  await look(watch, 0);
  watch.noteFailure(disk, full, START + MINUTE);
  await look(watch, 2);
  await look(watch, 500);
  expect(watch.live('disk').state).toBe('ready');
  expect(absences()).toEqual([{ from: at(0), to: null }]);
  watch.noteStored(disk);
  expect(absences()).toEqual([{ from: at(0), to: at(500) }]);

  watch.noteFailure(disk, full, START + 600 * MINUTE);
  await look(watch, 601);
  answer = () => ({ repository: 'present', freeBytes: 2, totalBytes: 2 });
  await look(watch, 700);
  expect(absences()[1]).toEqual({ from: at(500), to: at(700) });

  watch.noteFailure(disk, { ...full, code: 'repo/locked' }, START + 800 * MINUTE);
  expect(watch.live('disk').state).toBe('ready');
  await look(watch, 900);
  watch.noteStored(disk);
  expect(absences()[2]).toEqual({ from: at(800), to: at(900) });
});

it('begins where a look hangs, and ends when it is answered after all', async () => {
  const watch = new DestinationWatch(core, 1500);
  await look(watch, 0);
  const server = Promise.withResolvers<void>();
  answer = async () => {
    await server.promise;
    return { repository: 'present', freeBytes: 1, totalBytes: 2 };
  };
  await look(watch, 5);
  expect(watch.live('disk')).toMatchObject({ state: 'away', problem: { code: 'store/unreachable' } });
  expect(absences()).toEqual([{ from: at(0), to: null }]);
  await look(watch, 6);
  server.resolve();
  await expect.poll(() => watch.live('disk').state).toBe('ready');
  expect(absences()).toEqual([{ from: at(0), to: at(6) }]);
});

it('includes the run that met it, from its begin', async () => {
  const watch = new DestinationWatch(core);
  await look(watch, 0);
  await look(watch, 10);
  now = START + 12 * MINUTE;
  const error = new TriplicateError('store/unreachable', 'It does not answer.');
  const wire = { code: error.code, message: error.message, hint: '', retry: error.retry, data: {} };
  watch.noteFailure(disk, wire, START + 3 * MINUTE);
  expect(absences()).toEqual([{ from: at(3), to: null }]);
});
