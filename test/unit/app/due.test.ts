import { describe, expect, it } from 'vitest';
import { type DueFacts, judgeDue, judgeUpkeep, pauseAfter } from '../../../main/app/due.ts';
import type { Pending } from '../../../main/app/pending-changes.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const settings = { quietSeconds: 10, maxWaitSeconds: 300, fullScanHours: 24 };
const change = (since: number, last: number): Pending => ({
  directories: new Set(['/a']),
  since,
  last,
  cause: 'change',
});

function due(facts: Partial<DueFacts>) {
  return judgeDue({
    now: HOUR,
    settings,
    pending: undefined,
    lookAgainAt: null,
    minIntervalMinutes: 0,
    lastRunAt: null,
    lastFullScanAt: HOUR,
    failures: 0,
    ...facts,
  });
}

describe('when a copy is due', () => {
  it('waits for ten quiet seconds after the last change', () => {
    expect(due({ pending: change(HOUR - 9_000, HOUR - 9_000) })).toBe('not-yet');
    expect(due({ pending: change(HOUR - 10_000, HOUR - 10_000) })).toBe('changes');
  });

  it('waits five minutes at most while changes go on', () => {
    expect(due({ pending: change(HOUR - 4 * MINUTE, HOUR) })).toBe('not-yet');
    expect(due({ pending: change(HOUR - 5 * MINUTE, HOUR) })).toBe('changes');
  });

  it('keeps to the interval that the destination asks for, but not after it came back', () => {
    const facts = { minIntervalMinutes: 60, lastRunAt: HOUR - 30 * MINUTE };
    expect(due({ ...facts, pending: change(0, 0) })).toBe('not-yet');
    expect(
      due({ ...facts, pending: { directories: 'everything', since: HOUR, last: HOUR, cause: 'reconnected' } }),
    ).toBe('full-scan');
  });

  it('does not wait for the interval after a run that failed, but for the pause', () => {
    const facts = { minIntervalMinutes: 1440, failures: 2, pending: change(0, 0) };
    expect(due({ ...facts, lastRunAt: HOUR - MINUTE })).toBe('not-yet');
    expect(due({ ...facts, lastRunAt: HOUR - 2 * MINUTE })).toBe('changes');
  });

  it('scans everything after a day, changes or not', () => {
    expect(due({ lastFullScanAt: 0, now: 24 * HOUR - 1 })).toBe('not-yet');
    expect(due({ lastFullScanAt: 0, now: 24 * HOUR })).toBe('full-scan');
  });

  it('waits for nothing that was written down while the clock was ahead', () => {
    const ahead = 1_000_000 * HOUR;
    expect(due({ pending: change(0, 0), lastRunAt: ahead })).toBe('changes');
    expect(due({ pending: change(0, 0), lastRunAt: ahead, minIntervalMinutes: 60, failures: 3 })).toBe('changes');
    expect(due({ pending: change(ahead, ahead) })).toBe('changes');
    expect(due({ lastFullScanAt: ahead })).toBe('full-scan');
  });

  it('scans everything at start at once', () => {
    expect(due({ pending: { directories: 'everything', since: HOUR, last: HOUR, cause: 'start' } })).toBe('full-scan');
  });

  it('looks again at what could not be read when it is time for that, though nothing changed', () => {
    expect(due({ lookAgainAt: HOUR + 1 })).toBe('not-yet');
    expect(due({ lookAgainAt: HOUR })).toBe('changes');
    expect(due({ lookAgainAt: HOUR, minIntervalMinutes: 60, lastRunAt: HOUR - 30 * MINUTE })).toBe('not-yet');
  });

  it('pauses longer after each failure, an hour at most', () => {
    expect([1, 2, 3, 7, 50].map(pauseAfter)).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE, HOUR, HOUR]);
    const facts = { failures: 1, pending: change(0, 0) };
    expect(due({ ...facts, lastRunAt: HOUR - 59_000 })).toBe('not-yet');
    expect(due({ ...facts, lastRunAt: HOUR - 60_000 })).toBe('changes');
  });
});

describe('upkeep', () => {
  const DAY = 24 * HOUR;
  const facts = {
    now: 100 * DAY,
    settings: { checkEveryDays: 7, drillEveryDays: 30 },
    addedAt: 0,
    lastPruneAt: 100 * DAY,
    lastCheckAt: 100 * DAY,
    lastDrillAt: 100 * DAY,
    prune: 'free' as const,
    content: 'some' as const,
    triedAt: { prune: null, check: null, drill: null },
    destination: 'idle' as const,
  };

  it('needs nothing when everything was done lately', () => expect(judgeUpkeep(facts)).toBeNull());
  it('checks before it deletes', () => expect(judgeUpkeep({ ...facts, lastCheckAt: 0, lastPruneAt: 0 })).toBe('check'));
  it('thins out daily', () => expect(judgeUpkeep({ ...facts, lastPruneAt: 99 * DAY })).toBe('prune'));
  it('goes on to other upkeep while thinning out is held off', () => {
    const held = { ...facts, prune: 'held' as const, lastPruneAt: 0 };
    expect(judgeUpkeep(held)).toBeNull();
    expect(judgeUpkeep({ ...held, lastDrillAt: 70 * DAY })).toBe('drill');
  });
  it('does not put off what was done while the clock was ahead', () => {
    const ahead = 1_000 * DAY;
    expect(judgeUpkeep({ ...facts, lastCheckAt: ahead })).toBe('check');
    expect(judgeUpkeep({ ...facts, lastPruneAt: ahead })).toBe('prune');
    expect(judgeUpkeep({ ...facts, lastDrillAt: ahead })).toBe('drill');
  });
  it('tries a restore monthly', () => expect(judgeUpkeep({ ...facts, lastDrillAt: 70 * DAY })).toBe('drill'));
  it('tries to prove again, an hour after the last attempt, what was never proven', () => {
    const unproven = { ...facts, content: 'some-unproven' as const };
    expect(judgeUpkeep({ ...unproven, lastDrillAt: 100 * DAY - HOUR })).toBe('drill');
    expect(judgeUpkeep({ ...unproven, lastDrillAt: 100 * DAY - HOUR + 1 })).toBeNull();
  });
  it('tries again after some hours what did not come to its end', () => {
    const triedAt = (hours: number) => ({ prune: null, check: 100 * DAY - hours * HOUR, drill: null });
    expect(judgeUpkeep({ ...facts, lastCheckAt: 0, triedAt: triedAt(5) })).toBeNull();
    expect(judgeUpkeep({ ...facts, lastCheckAt: 0, triedAt: triedAt(6) })).toBe('check');
    expect(judgeUpkeep({ ...facts, lastCheckAt: 0, triedAt: triedAt(-1_000) })).toBe('check');
    expect(judgeUpkeep({ ...facts, triedAt: triedAt(6) })).toBeNull();
  });
  it('lets other work go first, for a day at most', () => {
    const busy = { ...facts, destination: 'busy' as const };
    expect(judgeUpkeep({ ...busy, lastCheckAt: 93 * DAY, lastPruneAt: 99 * DAY, lastDrillAt: 70 * DAY })).toBeNull();
    expect(judgeUpkeep({ ...busy, lastCheckAt: 92 * DAY })).toBe('check');
    expect(judgeUpkeep({ ...busy, lastPruneAt: 98 * DAY })).toBe('prune');
    expect(judgeUpkeep({ ...busy, lastDrillAt: 69 * DAY })).toBe('drill');
  });
  it('leaves an empty destination alone', () =>
    expect(judgeUpkeep({ ...facts, lastCheckAt: 0, content: 'none' })).toBeNull());
  it('can be turned off', () =>
    expect(
      judgeUpkeep({ ...facts, lastCheckAt: 0, lastDrillAt: 0, settings: { checkEveryDays: 0, drillEveryDays: 0 } }),
    ).toBeNull());
});
