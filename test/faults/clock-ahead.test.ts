import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_RETENTION } from '../../main/api/contract/destinations.ts';
import { isFreshAfterGap } from '../../main/app/engine-link/after-gap.ts';
import { OpenRepositories } from '../../main/app/engine-link/open-repositories.ts';
import { runPrune } from '../../main/app/engine-link/verbs.ts';
import { backup } from '../../main/engine/engine.ts';
import { hostAheadBy, newRepository, PASSPHRASE } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Rules count back from the newest version: one that a wrong clock has dated years ahead must not cost all the others. */

const DAY = 86_400_000_000_000n;

it('keeps all versions when the clock has jumped years ahead, and thins them out as ever once it is right', async () => {
  const scratch = await temporaryFolder('clock-ahead');
  try {
    let shift = -25n * DAY;
    const host = hostAheadBy(() => shift);
    const documents = join(scratch.path, 'Documents');
    await mkdir(documents);
    const location = join(scratch.path, 'copies');
    const repository = await newRepository(location, { host });
    const store = async (): Promise<void> => {
      await writeFile(join(documents, 'letter'), `${shift}`);
      await backup({ destinations: [{ repository }], paths: [documents], workingDirectory: '/' });
    };
    const prune = () => {
      const retention = { ...DEFAULT_RETENTION, dailyForDays: 22, weeklyForWeeks: 0, monthlyForMonths: 0 };
      const known = { catalog: '', destinationId: '', written: [] };
      const address = { location, passphrase: PASSPHRASE };
      const options = { signal: new AbortController().signal, onProgress: () => undefined };
      return runPrune(
        new OpenRepositories(host),
        { repository: address, retention, roots: [documents], known },
        [],
        options,
      );
    };
    for (; shift <= 0n; shift += 5n * DAY) await store();

    shift = 3650n * DAY;
    await store();
    expect(await prune()).toMatchObject({ snapshotsRemoved: 0, snapshotsKept: 7, held: [documents] });
    shift += 5n * DAY;
    await store();
    expect(await prune()).toMatchObject({ snapshotsRemoved: 0, snapshotsKept: 8, held: [documents] });

    shift = 0n;
    await store();
    expect(await prune()).toMatchObject({ snapshotsRemoved: 1, held: [] });
    const judge = restic({ repository: location, passphrase: PASSPHRASE, scratch: scratch.path });
    await judge.check('--read-data');
  } finally {
    await scratch.remove();
  }
});

it('believes the clock after a week, and at once where there was no pause', () => {
  const now = 1000n * DAY;
  const at = (...days: readonly number[]) => days.map((day) => BigInt(day) * DAY);
  expect(isFreshAfterGap(at(900, 995), now)).toBe(true);
  expect(isFreshAfterGap(at(900, 995, 996, 999), now)).toBe(true);
  expect(isFreshAfterGap(at(900, 992, 999), now)).toBe(false);
  expect(isFreshAfterGap(at(980, 999), now)).toBe(false);
  expect(isFreshAfterGap(at(999), now)).toBe(false);
  expect(isFreshAfterGap(at(990, 999, 4000), now)).toBe(false);
  expect(isFreshAfterGap([], now)).toBe(false);
});
