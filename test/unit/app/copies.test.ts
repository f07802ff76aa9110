import { describe, expect, it } from 'vitest';
import type { CopyState } from '../../../main/api/contract/folders.ts';
import type { DestinationId, StorageKind } from '../../../main/api/contract/values.ts';
import { type CopyFacts, type CopyNeed, judgeCopy, judgeRule, proofLimit } from '../../../main/app/copies.ts';

const HOUR = 3_600_000;

function copy(name: string, kind: StorageKind, state: CopyState, offsite = kind === 'cloud') {
  return { destinationId: name as DestinationId, name, kind, offsite, state, need: NEEDS[state] };
}

const NEEDS: Readonly<Record<CopyState, CopyNeed>> = {
  good: 'nothing',
  new: 'backup',
  behind: 'backup',
  away: 'connection',
  damaged: 'check',
};

describe('the 3-2-1 rule', () => {
  it('counts the folder itself, and nothing else when there is no destination', () => {
    const rule = judgeRule({ original: 'internal', copies: [], free: [] });
    expect(rule).toEqual({
      satisfied: false,
      copies: { have: 1, need: 3 },
      kinds: { have: 1, need: 2 },
      offsite: { have: 0, need: 1 },
      missing: [
        {
          part: 'copies',
          text: '2 more copies are needed. A cloud or another place makes one.',
          fix: { action: 'add-destination', kind: 'cloud', offsite: true },
        },
        {
          part: 'kinds',
          text: 'All copies lie on one kind of storage. An external disk or a cloud would be another.',
          fix: { action: 'add-destination', kind: 'external', offsite: false },
        },
        {
          part: 'offsite',
          text: 'No copy is in another place, safe from fire and theft. A cloud would be one.',
          fix: { action: 'add-destination', kind: 'cloud', offsite: true },
        },
      ],
    });
  });

  it('holds with a disk and a cloud that are both good', () => {
    const rule = judgeRule({
      original: 'internal',
      copies: [copy('Disk', 'external', 'good'), copy('Cloud', 'cloud', 'good')],
      free: [],
    });
    expect(rule.satisfied).toBe(true);
    expect(rule.missing).toEqual([]);
    expect([rule.copies.have, rule.kinds.have, rule.offsite.have]).toEqual([3, 3, 1]);
  });

  it.each([
    ['away', 'reconnect'],
    ['behind', 'back-up-now'],
    ['new', 'back-up-now'],
    ['damaged', 'check'],
  ] as const)('does not count a copy that is %s, and offers %s', (state, action) => {
    const rule = judgeRule({
      original: 'internal',
      copies: [copy('Disk', 'external', 'good'), copy('Cloud', 'cloud', state)],
      free: [],
    });
    expect(rule.copies.have).toBe(2);
    expect(rule.missing.map(({ part, fix }) => [part, fix.action])).toEqual([
      ['copies', action],
      ['offsite', action],
    ]);
  });

  it('offers a proof, and nothing dearer, for what is stored but unproven', () => {
    const unproven = { ...copy('Cloud', 'cloud', 'behind'), need: 'proof' as const };
    const copies = [unproven, copy('Disk', 'external', 'new')];
    const { missing } = judgeRule({ original: 'internal', copies, free: [] });
    expect(missing[0]).toEqual({
      part: 'copies',
      text: '2 more copies are needed. Cloud waits for its proof.',
      fix: { action: 'prove', destinationId: 'Cloud' },
    });
  });

  it('offers a destination that exists before it asks for a new one', () => {
    const free = [{ destinationId: 'c' as DestinationId, name: 'Cloud', kind: 'cloud' as const, offsite: true }];
    const rule = judgeRule({ original: 'internal', copies: [copy('Disk', 'external', 'good')], free });
    expect(rule.missing.map(({ fix }) => fix)).toEqual([
      { action: 'attach-destination', destinationId: 'c' },
      { action: 'attach-destination', destinationId: 'c' },
    ]);
  });

  it('counts only the copies when the folder itself is gone', () => {
    const copies = [copy('Disk', 'external', 'good'), copy('Cloud', 'cloud', 'good')];
    const rule = judgeRule({ original: 'missing', copies, free: [] });
    expect([rule.copies.have, rule.kinds.have, rule.satisfied]).toEqual([2, 2, false]);
  });

  it('wants a second kind of storage even with three copies', () => {
    const rule = judgeRule({
      original: 'internal',
      copies: [copy('A', 'internal', 'good', true), copy('B', 'internal', 'good')],
      free: [],
    });
    expect(rule.missing.map(({ part }) => part)).toEqual(['kinds']);
  });
});

describe('the state of a copy', () => {
  const good: CopyFacts = {
    destination: 'ready',
    problem: null,
    lastSnapshotAt: 0,
    lastVerifiedAt: 0,
    changesSince: null,
    missingSince: null,
    now: HOUR,
    content: 'all',
    proofLimitMs: 40 * HOUR,
    maxAgeMs: 48 * HOUR,
    graceMs: 5 * 60_000,
  };

  it.each<[string, Partial<CopyFacts>, CopyState]>([
    ['everything stored', {}, 'good'],
    ['nothing stored yet', { lastSnapshotAt: null }, 'new'],
    ['changes that wait a moment', { changesSince: HOUR - 60_000 }, 'good'],
    ['changes that wait too long', { changesSince: 0 }, 'behind'],
    ['changes of a folder that has gone before they waited long', { changesSince: 0, missingSince: 60_000 }, 'good'],
    ['changes that waited too long when the folder went', { changesSince: 0, missingSince: HOUR - 60_000 }, 'behind'],
    ['too old', { now: 49 * HOUR }, 'behind'],
    ['stored, but never proven', { lastVerifiedAt: null }, 'behind'],
    ['proven too long ago', { now: 41 * HOUR }, 'behind'],
    ['stored at a time that is still to come', { lastSnapshotAt: 99 * HOUR }, 'behind'],
    ['proven at a time that is still to come', { lastVerifiedAt: 99 * HOUR }, 'behind'],
    [
      'stored and proven just before the clock was put back',
      { lastSnapshotAt: 3 * HOUR, lastVerifiedAt: 3 * HOUR },
      'good',
    ],
    ['a failed attempt', { problem: 'The disk is full.' }, 'behind'],
    ['some could not be read', { content: 'what-can-be-read' }, 'good'],
    ['every file excluded', { content: 'no-file' }, 'behind'],
    ['not reachable', { destination: 'away' }, 'away'],
    ['blocked', { destination: 'blocked', problem: 'Wrong passphrase.' }, 'away'],
    ['damaged, though fresh', { destination: 'damaged' }, 'damaged'],
  ])('%s', (_name, facts, state) => {
    const judged = judgeCopy({ ...good, ...facts });
    expect(judged.state).toBe(state);
    expect(judged.reason).toMatch(/^[A-Z].*\.$/);
  });

  it('does not say that everything is stored where some could not be read', () => {
    expect(judgeCopy(good).reason).toMatch(/^Everything is stored/);
    expect(judgeCopy({ ...good, content: 'what-can-be-read' }).reason).toMatch(/^Everything that can be read is/);
  });

  it('asks for a proof where only the proof is missing', () => {
    expect(judgeCopy({ ...good, lastVerifiedAt: null }).need).toBe('proof');
    expect(judgeCopy({ ...good, lastVerifiedAt: null, problem: 'The disk is full.' }).need).toBe('backup');
  });

  it('lets a proof count until the next drill and a week more', () => {
    expect(proofLimit({ drillEveryDays: 30 })).toBe(37 * 24 * HOUR);
    expect(proofLimit({ drillEveryDays: 0 })).toBe(97 * 24 * HOUR);
  });
});
