import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemHost } from '../../main/app/engine-host.ts';
import {
  backup,
  decideRetention,
  type GroupBy,
  groupSnapshots,
  listSnapshots,
  parseDuration,
  type RetentionPolicy,
} from '../../main/engine/engine.ts';
import { formatTime } from '../../main/engine/format/time.ts';
import { saveSnapshot } from '../../main/engine/repository/snapshots.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { type Restic, restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3_600_000_000_000n;
const NEWEST = 1_700_000_000_000_000_000n;
const WORDS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
const SPANS = ['within', 'withinHourly', 'withinDaily', 'withinWeekly', 'withinMonthly', 'withinYearly'] as const;

let scratch: TemporaryFolder;
let location: string;
let judge: Restic;

/** Snapshots of several hosts, paths, tags and zones, dense and sparse, around year ends and month ends. */
beforeAll(async () => {
  scratch = await temporaryFolder('retention');
  location = join(scratch.path, 'repository');
  judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path, env: { TZ: 'UTC' } });
  const repository = await newRepository(location);
  const source = join(scratch.path, 'source');
  await mkdir(source);
  const { tree } = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
  if (!tree) throw new Error('The first backup gave no tree.');
  const made = fc.sample(
    fc.record({
      age: fc.oneof(fc.bigInt(0n, 72n), fc.bigInt(0n, 24n * 60n), fc.bigInt(0n, 24n * 365n * 4n)),
      minutes: fc.constantFrom(0, 0, 120, -330, 765),
      hostname: fc.constantFrom('one', 'two'),
      paths: fc.constantFrom(['/a'], ['/a', '/b'], ['/b', '/a']),
      tags: fc.constantFrom([], ['x'], ['x', 'y'], ['y']),
    }),
    { numRuns: 90, seed: 7 },
  );
  for (const [number, { age, minutes, ...snapshot }] of made.entries()) {
    // No two at the same instant: their order would be nobody's.
    const ns = NEWEST - age * HOUR - BigInt(number) * 123_456_789n;
    await saveSnapshot(repository, { ...snapshot, tree, time: { ns, text: formatTime(ns, minutes) } });
  }
});
afterAll(() => scratch.remove());

/** Without -1 ("all"): restic knows it from 0.15 on. */
const policies: fc.Arbitrary<RetentionPolicy> = fc
  .record({
    counts: fc.dictionary(fc.constantFrom(...WORDS), fc.constantFrom(1, 2, 5, 30), { maxKeys: 3 }),
    spans: fc.dictionary(fc.constantFrom(...SPANS), fc.constantFrom('1d', '36h', '1m', '1m3d', '1y', '2y6m5h'), {
      maxKeys: 2,
    }),
    tags: fc.constantFrom([], [], [['x']], [['x', 'y'], ['y']], [['']], [['x', '']], [['', 'x']]),
  })
  .filter(({ counts, spans, tags }) => Object.keys(counts).length + Object.keys(spans).length + tags.length > 0)
  .map(({ counts, spans, tags }) => ({
    ...counts,
    ...Object.fromEntries(Object.entries(spans).map(([word, text]) => [word, parseDuration(text)])),
    tags,
    spans,
  }));

function optionsOf(policy: RetentionPolicy & { readonly spans?: Record<string, string> }): readonly string[] {
  const dashed = (word: string): string => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return [
    ...WORDS.flatMap((word) => (policy[word] === undefined ? [] : [`--keep-${word}`, `${policy[word]}`])),
    ...Object.entries(policy.spans ?? {}).flatMap(([word, text]) => [`--keep-${dashed(word)}`, text]),
    ...(policy.tags ?? []).flatMap((list) => ['--keep-tag', list.join(',')]),
  ];
}

it('keeps and removes exactly the snapshots that restic keeps and removes', async () => {
  const repository = await reopen(location);
  const { snapshots } = await listSnapshots(repository);
  expect(snapshots.length).toBeGreaterThan(80);
  const groupings = fc.constantFrom<readonly GroupBy[]>(['host', 'paths'], ['host'], ['tags'], []);
  await fc.assert(
    fc.asyncProperty(policies, groupings, async (policy, by) => {
      const args = ['--dry-run', '--json', '--group-by', by.join(','), ...optionsOf(policy)];
      const theirs = JSON.parse((await judge.run('forget', ...args)).stdout) as readonly {
        readonly keep: readonly { readonly id: string }[] | null;
        readonly remove: readonly { readonly id: string }[] | null;
      }[];
      const options = { now: systemHost().clock.now(), localZone: () => 0 };
      const ours = groupSnapshots(snapshots, by).map(({ snapshots: group }) => decideRetention(group, policy, options));
      const ids = (lists: readonly (readonly { readonly id: string }[])[]) =>
        lists
          .flat()
          .map(({ id }) => id)
          .sort();
      expect(ids(ours.map(({ remove }) => remove))).toEqual(ids(theirs.map(({ remove }) => remove ?? [])));
      expect(ids(ours.map(({ keep }) => keep.map(({ stored }) => stored)))).toEqual(
        ids(theirs.map(({ keep }) => keep ?? [])),
      );
    }),
    { numRuns: 25, seed: 11, endOnFailure: true },
  );
});
