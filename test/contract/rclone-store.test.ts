import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { openRcloneStore } from '../../main/rclone/open-rclone-store.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { describeStore } from './store-suite.ts';

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
beforeAll(async () => {
  scratch = await temporaryFolder('rclone');
  remotes = await startRcloneRemotes(scratch.path);
});
afterAll(async () => {
  await remotes.close();
  await scratch.remove();
});

let count = 0;
const cases = [
  ['plain', 'plain'],
  ['dav', 'dav'],
  ['sftp', 'sftp'],
] as const;
/**
 * rclone 1.60 against its own SFTP server now and then hangs in a call for a minute or two (seen once in about 200 calls
 * on a busy machine). A user's store is wrapped in `retrying`; here the bare store is held to the contract, so a call that
 * hung is made again.
 */
const PATIENT = { timeout: 90_000, retry: 2 };

describe('rclone', PATIENT, () => {
  for (const [remote, folder] of cases) {
    describeStore(`rclone store over ${remote}`, async () => {
      const path = `deep er/repo ü ${count++}`;
      const store = await openRcloneStore({
        remote: `${remote}:${path}`,
        location: `rclone:${remote}:${path}`,
        clock: systemClock,
        random: systemRandom,
        variables: { ...process.env, ...remotes.env },
      });
      return {
        store,
        async plant(name, bytes) {
          const target = join(remotes.folders[folder], path, name);
          await mkdir(dirname(target), { recursive: true });
          await writeFile(target, bytes);
        },
        names: (name) => readdir(join(remotes.folders[folder], path, name)),
        close: () => store.close(),
      };
    });
  }
});
