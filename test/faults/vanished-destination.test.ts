import { renameSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { quickEngine } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const passphrase = 'a passphrase';

it('a disk that goes in the middle of a run takes nothing from the others of the run', async () => {
  const scratch = await temporaryFolder('vanished');
  const engine = quickEngine();
  const at = (...path: readonly string[]) => join(scratch.path, ...path);
  const address = (name: string) => ({ location: at(name, 'copies'), passphrase });
  try {
    await mkdir(at('Documents'));
    await writeFile(at('Documents', 'letter'), 'dear');
    for (const name of ['pulled', 'stays']) {
      await mkdir(at(name));
      await engine.call('create', { repository: address(name), like: name === 'stays' ? address('pulled') : null });
    }
    let pulled: 'no' | 'yes' = 'no';
    const outcome = await engine.call(
      'backup',
      {
        repositories: [address('pulled'), address('stays')],
        path: at('Documents'),
        excludes: [],
        excludeLargerThan: null,
        markers: 'ignore',
        dirtyDirectories: null,
        scansFolder: null,
      },
      {
        onProgress: () => {
          if (pulled === 'no') renameSync(at('pulled'), at('drawer'));
          pulled = 'yes';
        },
      },
    );
    expect(pulled).toBe('yes');
    expect(outcome.results.map(({ error }) => error?.code)).toEqual(['store/unreachable', undefined]);
    const judge = restic({ repository: at('stays', 'copies'), passphrase, scratch: scratch.path });
    await judge.check('--read-data');
    expect((await judge.snapshots()).map(({ id }) => id)).toEqual([outcome.results[1]?.snapshotId]);
  } finally {
    await engine.close();
    await scratch.remove();
  }
});
