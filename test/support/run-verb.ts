/** Restores or prunes in a process of its own, so that a test can kill it: `node run-verb.ts restore|prune LOCATION [TARGET]`. */
import { findSnapshot, planRestore, prune, restore } from '../../main/engine/engine.ts';
import { reopen } from './engine.ts';

const [verb = '', location = '', target = ''] = process.argv.slice(2);
const repository = await reopen(location);
process.stdout.write('opened\n');
if (verb === 'prune') {
  await prune({ repository, mode: 'prune', maxUnused: 0 });
} else {
  const { snapshot } = await findSnapshot(repository, 'latest');
  await restore(await planRestore({ repository, tree: snapshot.tree, target, existing: 'replace' }));
}
process.stdout.write('done\n');
await repository.store.close();
