import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckDepth, Run } from '../../../../main/api/contract/runs.ts';
import type { DestinationId, FolderId } from '../../../../main/api/contract/values.ts';
import type { Core } from '../../../../main/app/core.ts';
import { AppEvents } from '../../../../main/app/events.ts';
import { configuration, FIRST_CONFIGURATION, FIRST_LEDGER, ledger } from '../../../../main/app/records.ts';
import { type RunResult, Runs } from '../../../../main/app/runs/runs.ts';
import { openStateFile } from '../../../../main/app/state-file.ts';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let core: Core;
let runs: Runs;
const done: RunResult = { state: 'done', report: null, error: null };

async function openCore(): Promise<Core> {
  const now = (): number => 1_700_000_000_000;
  const path = (name: string): string => join(folder.path, name);
  return {
    ports: { clock: { now } } as Core['ports'],
    log: pino({ level: 'silent' }),
    events: new AppEvents(),
    engine: {} as Core['engine'],
    secrets: {} as Core['secrets'],
    configuration: await openStateFile({ path: path('c'), schema: configuration, initial: FIRST_CONFIGURATION, now }),
    ledger: await openStateFile({ path: path('l'), schema: ledger, initial: FIRST_LEDGER, now }),
    stateFolder: folder.path,
    changed: () => undefined,
  };
}

beforeEach(async () => {
  folder = await temporaryFolder('runs');
  core = await openCore();
  runs = new Runs(core);
});
afterEach(async () => {
  await core.ledger.settled();
  await folder.remove();
});

/** Queues a run whose end the test decides. */
function queue(label: string, ...destinations: readonly string[]) {
  const gate = Promise.withResolvers<RunResult>();
  const run = runs.enqueue({
    kind: 'backup',
    title: label,
    folderId: label as FolderId,
    destinationIds: destinations as unknown as readonly DestinationId[],
    cause: 'change',
    order: 'queue',
    work: ({ signal }) => {
      signal.addEventListener('abort', () => gate.reject(new TriplicateError('cancelled', 'Cancelled.')));
      return gate.promise;
    },
  });
  return { id: run.id, finish: () => gate.resolve(done), fail: (error: unknown) => gate.reject(error) };
}

const state = (id: Run['id']): string => runs.get(id).state;

describe('the queues', () => {
  it('let destinations work side by side, and one thing at a time at each', async () => {
    const slow = queue('a', 'cloud');
    const behind = queue('b', 'cloud');
    const other = queue('c', 'disk');
    expect([slow, behind, other].map(({ id }) => state(id))).toEqual(['running', 'queued', 'running']);
    slow.finish();
    await runs.ended(slow.id);
    expect(state(behind.id)).toBe('running');
  });

  it('keep a slow run known when hundreds of quick ones have come after it', async () => {
    const slow = queue('a', 'cloud');
    for (let count = 0; count < 510; count++) {
      const quick = queue('b', 'disk');
      quick.finish();
      await runs.ended(quick.id);
    }
    expect(runs.list({ limit: 100 })[0]?.id).toBe(slow.id);
    expect(core.ledger.value.runs).toHaveLength(500);
  });

  it('start a run for several destinations when it is first at each', async () => {
    const one = queue('a', 'disk');
    const both = queue('b', 'disk', 'usb');
    const after = queue('c', 'usb');
    expect([one, both, after].map(({ id }) => state(id))).toEqual(['running', 'queued', 'queued']);
    one.finish();
    await runs.ended(one.id);
    expect([both, after].map(({ id }) => state(id))).toEqual(['running', 'queued']);
  });

  it('keep upkeep waiting for upkeep, and let backups pass meanwhile', async () => {
    const upkeep = (kind: Run['kind'], order: 'queue' | 'at-once', at: string, of: readonly string[]) => {
      const gate = Promise.withResolvers<RunResult>();
      const request = { kind, title: kind, folderId: null, cause: 'person', order, work: () => gate.promise } as const;
      const ids = (names: readonly string[]) => names as unknown as readonly DestinationId[];
      const { id } = runs.enqueue({ ...request, destinationIds: ids([at]), upkeepOf: ids(of) });
      return { id, finish: () => gate.resolve(done) };
    };
    const copying = upkeep('catch-up', 'at-once', 'usb', ['disk', 'usb']);
    const other = upkeep('catch-up', 'at-once', 'disk', ['disk', 'usb']);
    const pruning = upkeep('prune', 'queue', 'disk', ['disk']);
    const backup = queue('a', 'disk');
    expect([copying, other, pruning, backup].map(({ id }) => state(id))).toEqual([
      'running',
      'queued',
      'queued',
      'running',
    ]);
    copying.finish();
    await runs.ended(copying.id);
    expect([other, pruning].map(({ id }) => state(id))).toEqual(['running', 'queued']);
    other.finish();
    await runs.ended(other.id);
    expect(state(pruning.id)).toBe('queued');
    backup.finish();
    await runs.ended(backup.id);
    expect(state(pruning.id)).toBe('running');
  });

  it('prune one destination at a time, and let its backups pass meanwhile', async () => {
    const prune = (at: string) => {
      const gate = Promise.withResolvers<RunResult>();
      const ids = [at] as unknown as readonly DestinationId[];
      const request = { kind: 'prune', title: at, folderId: null, cause: 'person', order: 'queue' } as const;
      const { id } = runs.enqueue({ ...request, destinationIds: ids, upkeepOf: ids, work: () => gate.promise });
      return { id, finish: () => gate.resolve(done) };
    };
    const disk = prune('disk');
    const usb = prune('usb');
    const backup = queue('a', 'usb');
    expect([disk, usb, backup].map(({ id }) => state(id))).toEqual(['running', 'queued', 'running']);
    backup.finish();
    await runs.ended(backup.id);
    expect(state(usb.id)).toBe('queued');
    disk.finish();
    await runs.ended(disk.id);
    expect(state(usb.id)).toBe('running');
    usb.finish();
    await runs.ended(usb.id);
  });

  it('take no check of the structure for one that reads all data', async () => {
    const check = (depth: CheckDepth) => {
      const destinationIds = ['disk'] as unknown as readonly DestinationId[];
      const request = { kind: 'check', title: 'Check disk', folderId: null, destinationIds, cause: 'person' } as const;
      return runs.enqueue({ ...request, order: 'queue', depth, work: async () => done }).id;
    };
    const backup = queue('a', 'disk');
    const light = check('structure');
    expect(check('structure')).toBe(light);
    const thorough = check('read-data');
    expect(thorough).not.toBe(light);
    backup.finish();
    expect(await runs.ended(thorough)).toMatchObject({ state: 'done', depth: 'read-data' });
  });

  it('go on after a failure', async () => {
    const bad = queue('a', 'disk');
    const next = queue('b', 'disk');
    bad.fail(new TriplicateError('store/full', 'The disk is full.'));
    expect(await runs.ended(bad.id)).toMatchObject({ state: 'failed', error: { code: 'store/full' } });
    expect(state(next.id)).toBe('running');
  });

  it('do not queue the same work twice', () => {
    queue('x', 'disk');
    expect(queue('a', 'disk').id).toBe(queue('a', 'disk').id);
  });

  it('cancel what waits at once and what runs when it has stopped', async () => {
    const running = queue('a', 'disk');
    const waiting = queue('b', 'disk');
    runs.cancel(waiting.id);
    expect(state(waiting.id)).toBe('cancelled');
    runs.cancel(running.id);
    expect((await runs.ended(running.id)).state).toBe('cancelled');
  });

  it('hide what nobody expected from the screen', async () => {
    const bad = queue('a', 'disk');
    bad.fail(new Error('secret internals'));
    const { error } = await runs.ended(bad.id);
    expect(error?.code).toBe('internal');
    expect(JSON.stringify(error)).not.toContain('secret internals');
  });

  it('show a run that a kill interrupted as cancelled after the next start', async () => {
    const { id } = queue('a', 'disk');
    await core.ledger.settled();
    core = await openCore();
    runs = new Runs(core);
    await runs.recover();
    expect(runs.get(id)).toMatchObject({ state: 'cancelled', progress: null, error: { code: 'cancelled' } });
  });

  it('do not promise that a restore which a kill interrupted goes on by itself', async () => {
    const request = { title: 'of', folderId: null, destinationIds: [], cause: 'person', order: 'at-once' } as const;
    const work = () => Promise.withResolvers<RunResult>().promise;
    const kinds = ['backup', 'restore', 'check'] as const;
    const begun = kinds.map((kind) => runs.enqueue({ ...request, kind, work }).id);
    await core.ledger.settled();
    core = await openCore();
    runs = new Runs(core);
    await runs.recover();
    const hints = begun.map((id) => runs.get(id).error?.hint ?? '');
    expect(hints[0]).toMatch(/^It is repeated by itself/);
    expect(hints[1]).toMatch(/^It is not repeated by itself: restore again/);
    expect(hints[2]).not.toContain('repeated by itself');
  });
});
