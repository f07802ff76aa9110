import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rcloneEnvironment } from '../../main/rclone/environment.ts';
import { findRclone } from '../../main/rclone/find-rclone.ts';
import { ResticSession } from '../../main/rclone/restic-session.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('stuck');
  await mkdir(join(scratch.path, 'place'));
});
afterEach(() => scratch.remove());

it('gives up an rclone in which nothing moves any more, and works again with the next one', async () => {
  const session = new ResticSession({
    binary: await findRclone(),
    environment: rcloneEnvironment(process.env),
    remote: join(scratch.path, 'place'),
    stalledMs: 3000,
  });
  try {
    expect((await session.request({ method: 'HEAD', path: '/config' })).status).toBe(404);
    const { pid } = session;
    if (pid === undefined) throw new Error('rclone does not run');
    process.kill(pid, 'SIGSTOP');
    const stuck = session.request({ method: 'POST', path: '/config', body: Buffer.alloc(1000) });
    await expect(stuck).rejects.toMatchObject({ code: 'rclone/failed', retry: 'backoff' });
    process.kill(pid, 'SIGCONT');
    expect((await session.request({ method: 'POST', path: '/config', body: Buffer.from('again') })).status).toBe(200);
    expect(session.pid).not.toBe(pid);
  } finally {
    await session.close();
  }
});
