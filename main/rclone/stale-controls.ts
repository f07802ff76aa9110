import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createHttpTransport } from '../engine/store/http-transport.ts';

/**
 * A killed Triplicate leaves its `rclone rcd` behind. So each one is written down (0600, in a folder of the user's own),
 * and the next start ends those whose owner is gone. A process is ended only when it proves to be ours by answering to
 * the random user and password of its record: process numbers are reused.
 */
export interface ControlRecord {
  readonly pid: number;
  /** The process that started it. */
  readonly owner: number;
  /** With user and password. */
  readonly address: string;
}

const folder = () => join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `triplicate-rclone-${userInfo().uid}`);

export async function rememberControl(record: ControlRecord): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  await writeFile(recordPath(record.pid), JSON.stringify(record), { mode: 0o600 });
}

export async function forgetControl(pid: number): Promise<void> {
  await rm(recordPath(pid), { force: true });
}

/** Ends every recorded rclone whose owner is gone. Never throws: an orphan is untidy, not dangerous. */
export async function endStaleControls(): Promise<void> {
  const names = await readdir(folder()).catch(() => []);
  await Promise.all(names.map((name) => endIfStale(join(folder(), name)).catch(() => undefined)));
}

async function endIfStale(path: string): Promise<void> {
  const { pid, owner, address } = JSON.parse(await readFile(path, 'utf8')) as ControlRecord;
  if (isRunning(owner)) return;
  if (isRunning(pid) && (await answersAs(pid, address))) process.kill(pid, 'SIGTERM');
  await rm(path, { force: true });
}

async function answersAs(pid: number, address: string): Promise<boolean> {
  const transport = createHttpTransport(new URL(address));
  try {
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', path: '/core/pid', headers, body: Buffer.from('{}') } as const;
    const { status, body } = await transport.request(request, AbortSignal.timeout(2000));
    return status === 200 && JSON.parse(Buffer.from(body).toString()).pid === pid;
  } catch {
    return false;
  } finally {
    await transport.close();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const recordPath = (pid: number) => join(folder(), `${pid}.json`);
