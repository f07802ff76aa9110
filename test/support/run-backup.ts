/** Backs up in a process of its own, so that a test can kill it: `node run-backup.ts LOCATION PATH`. */
import { backup } from '../../main/engine/engine.ts';
import { reopen } from './engine.ts';

const [location = '', path = ''] = process.argv.slice(2);
const repository = await reopen(location);
process.stdout.write('opened\n');
const report = await backup({ destinations: [{ repository }], paths: [path], workingDirectory: '/' });
process.stdout.write(`${report.results[0]?.snapshotId}\n`);
await repository.store.close();
