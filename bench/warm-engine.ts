/**
 * `node bench/warm-engine.ts LOCATION SOURCE FILE`: what the app's engine does while it runs: backs SOURCE up, then times
 * a change to one file that the watcher has reported, and the restore of FILE. Prints seconds as JSON.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemHost } from '../main/app/engine-host.ts';
import { openStore } from '../main/app/open-store.ts';
import { systemClock } from '../main/app/system.ts';
import { type BackupReport, backup, createRepository, planRestore, restore } from '../main/engine/engine.ts';

const REPEATS = 7;
const [location = '', source = '', file = ''] = process.argv.slice(2);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const store = await openStore(location, { clock: systemClock });
const repository = await createRepository(store, { passphrase: 'bench' }, systemHost());
const request = { paths: [source], workingDirectory: source };
let known = await backup({ ...request, destinations: [{ repository }] });
const madeBy = ({ results, tree }: BackupReport) => {
  const index = results[0]?.index;
  if (!index || !tree) throw new Error('The backup failed.');
  return { index, tree };
};
const changed = join(dirname(file), 'changed by the benchmark.txt');
const change: number[] = [];
const restored: number[] = [];
for (let round = 0; round < REPEATS; round++) {
  writeFileSync(changed, `the ${round}th version`);
  change.push(
    await timed(async () => {
      const destinations = [{ repository, knownIndex: madeBy(known).index }];
      known = await backup({ ...request, destinations, dirtyDirectories: new Set([dirname(file)]) });
    }),
  );
  if (known.scan !== 'changes' || known.filesNew + known.filesChanged !== 1) {
    throw new Error('The run did not do what is to be measured.');
  }
  const target = join(dirname(location), 'one file');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  restored.push(
    await timed(async () => {
      const { index, tree } = madeBy(known);
      const plan = await planRestore({
        repository,
        tree,
        target,
        include: [file],
        existing: 'replace',
        index: index.index,
      });
      await restore(plan);
    }),
  );
}
rmSync(changed);
rmSync(location, { recursive: true, force: true });
process.stdout.write(JSON.stringify({ change, restore: restored }));
