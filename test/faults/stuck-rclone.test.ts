import { mkdir, readdir, readFile } from 'node:fs/promises';
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

async function newSession(): Promise<ResticSession> {
  const remote = join(scratch.path, 'place');
  const [binary, environment] = [await findRclone(), rcloneEnvironment(process.env)];
  return new ResticSession({ binary, environment, remote, stalledMs: 3000 });
}

/** Stops the process. On a busy machine its threads go on for a while after the signal was sent, and answer. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  if (process.platform !== 'linux') return;
  const threads = `/proc/${pid}/task`;
  const running = async () => {
    const states = (await readdir(threads)).map((thread) => readFile(join(threads, thread, 'stat'), 'utf8'));
    return (await Promise.all(states)).filter((state) => !state.includes(') T '));
  };
  await expect.poll(running, { timeout: 60_000 }).toEqual([]);
}

it('ends an rclone that does not end by itself', async () => {
  const session = await newSession();
  await session.request({ method: 'HEAD', path: '/config' });
  const { pid } = session;
  if (pid === undefined) throw new Error('rclone does not run');
  await stop(pid);
  await session.close();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('gives up an rclone in which nothing moves any more, and works again with the next one', async () => {
  const session = await newSession();
  try {
    expect((await session.request({ method: 'HEAD', path: '/config' })).status).toBe(404);
    const { pid } = session;
    if (pid === undefined) throw new Error('rclone does not run');
    await stop(pid);
    const stuck = session.request({ method: 'POST', path: '/config', body: Buffer.alloc(1000) });
    await expect(stuck).rejects.toMatchObject({ code: 'rclone/failed', retry: 'backoff' });
    process.kill(pid, 'SIGCONT');
    expect((await session.request({ method: 'POST', path: '/config', body: Buffer.from('again') })).status).toBe(200);
    expect(session.pid).not.toBe(pid);
  } finally {
    await session.close();
  }
});
