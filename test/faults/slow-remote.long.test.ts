import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backup } from '../../main/engine/engine.ts';
import { newRepository, PASSPHRASE, reopen } from '../support/engine.ts';
import { startFlakyProxy } from '../support/flaky-proxy.ts';
import { startRcloneRemotes } from '../support/rclone-remotes.ts';
import { restic } from '../support/restic.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('waits for a pack that the system still sends long after rclone has given it away', async () => {
  const scratch = await temporaryFolder('slow-pack');
  const remotes = await startRcloneRemotes(scratch.path, ['dav']);
  const proxy = await startFlakyProxy(remotes.ports.dav);
  try {
    const config = await readFile(remotes.configFile, 'utf8');
    await writeFile(remotes.configFile, config.replaceAll(`:${remotes.ports.dav}`, `:${proxy.port}`));
    const variables = { ...process.env, ...remotes.env };
    await (await newRepository('rclone:dav:copies', { variables })).store.close();
    const source = join(scratch.path, 'source');
    await mkdir(source);
    for (let n = 0; n < 8; n++) await writeFile(join(source, `file ${n}`), randomBytes(500_000));
    proxy.set({ kind: 'thin', bytesPerSecond: 50_000 });
    const repository = await reopen('rclone:dav:copies', variables);
    try {
      const startedAt = performance.now();
      const { results } = await backup({ destinations: [{ repository }], paths: [source], workingDirectory: '/' });
      expect(results).toMatchObject([{ snapshotId: expect.any(String) }]);
      expect(performance.now() - startedAt).toBeGreaterThan(60_000);
    } finally {
      await repository.store.close();
    }
    const served = join(remotes.folders.dav, 'copies');
    await restic({ repository: served, passphrase: PASSPHRASE, scratch: scratch.path }).check('--read-data');
  } finally {
    await proxy.close();
    await remotes.close();
    await scratch.remove();
  }
});
