/**
 * One piece of work on a repository in a process of its own, so that a test can kill it:
 * `node run-round.ts backup|restore|forget|prune|passwd|copy LOCATION [SOURCE|TARGET|NEW PASSPHRASE|OTHER LOCATION]`.
 * Says `opened` when it begins and `done …` when it is through. TEST_PASSPHRASE opens the repository.
 */
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import {
  backup,
  changePassphrase,
  copySnapshots,
  findSnapshot,
  forget,
  listSnapshots,
  openRepository,
  planRestore,
  prune,
  restore,
} from '../../main/engine/engine.ts';
import { CHEAP_SCRYPT, ownHost } from './engine.ts';

const [verb = '', location = '', argument = ''] = process.argv.slice(2);
const passphrase = process.env.TEST_PASSPHRASE ?? '';
const open = async (place: string) =>
  openRepository(await openStore(place, { clock: systemClock }), { passphrase }, ownHost());
const repository = await open(location);
process.stdout.write('opened\n');
const result = await work();
process.stdout.write(`done ${result ?? ''}\n`);
await repository.store.close();

async function work(): Promise<string | undefined> {
  switch (verb) {
    case 'backup': {
      const request = { destinations: [{ repository }], paths: [argument], workingDirectory: '/' };
      return (await backup(request)).results[0]?.snapshotId;
    }
    case 'restore': {
      const { snapshot } = await findSnapshot(repository, 'latest');
      await restore(await planRestore({ repository, tree: snapshot.tree, target: argument, existing: 'replace' }));
      return undefined;
    }
    case 'forget':
      await forget({ repository, policy: { last: 3 }, mode: 'remove' });
      return undefined;
    case 'prune':
      await prune({ repository, mode: 'prune', maxUnused: 0 });
      return undefined;
    case 'passwd':
      return changePassphrase(repository, { passphrase: argument, scrypt: CHEAP_SCRYPT });
    case 'copy': {
      const target = await open(argument);
      const { snapshots } = await listSnapshots(repository);
      await copySnapshots({ source: repository, target, snapshots });
      await target.store.close();
      return undefined;
    }
    default:
      throw new Error(`There is no ${verb}.`);
  }
}
