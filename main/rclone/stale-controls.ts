import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpTransport } from '../engine/store/http-transport.ts';

/**
 * A killed Triplicate leaves its `rclone rcd` behind. So each one is written down (0600, in a folder of the user's own),
 * and the next start ends those whose owner is gone. A process is ended only when it proves to be ours by answering to
 * the random user and password of its record: process numbers are reused.
 *
 * Others may write where the folder lies (`/tmp`), and its name can be guessed. A folder that is not ours alone is left
 * alone: then nothing is written down and nothing is ended. So are files in it that are not as we make them.
 */
export interface ControlRecord {
  readonly pid: number;
  /** The process that started it. */
  readonly owner: number;
  /** With user and password; rclone listens on loopback. */
  readonly address: string;
}

const ADDRESS = /^http:\/\/[0-9a-f]+:[0-9a-f]+@127\.0\.0\.1:\d+\/$/;
const MOST_BYTES = 4096;
/** Windows has neither: the folder of temporary files is the user's own there. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Never throws: without a record an orphan may stay behind, which is untidy, not dangerous. */
export async function rememberControl(record: ControlRecord): Promise<void> {
  try {
    await mkdir(folderPath(), { mode: 0o700 }).catch(() => undefined);
    const folder = await ownFolder();
    if (folder === undefined) return;
    // Under a new name first: whatever stands under the final one, a link too, is replaced and not written through.
    const temporary = join(folder, `${record.pid}.${randomBytes(6).toString('hex')}.new`);
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(JSON.stringify(record));
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, nameOf(record.pid)));
  } catch {
    // As where the folder is not ours.
  }
}

export async function forgetControl(pid: number): Promise<void> {
  const folder = await ownFolder();
  if (folder !== undefined) await rm(join(folder, nameOf(pid)), { force: true });
}

/** Ends every recorded rclone whose owner is gone. Never throws: an orphan is untidy, not dangerous. */
export async function endStaleControls(): Promise<void> {
  const folder = await ownFolder();
  if (folder === undefined) return;
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map((name) => endIfStale(folder, name).catch(() => undefined)));
}

async function endIfStale(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  const { pid, owner, address } = parseRecord(await readOwn(path));
  if (name !== nameOf(pid) || isRunning(owner)) return;
  const isOurs = isRunning(pid) && (await answersAs(pid, address)) && (await wasStartedWith(pid, address));
  if (isOurs) process.kill(pid, 'SIGTERM');
  await rm(path, { force: true });
}

// Windows has no numbers of users.
const folderPath = () => join(process.env.XDG_RUNTIME_DIR || tmpdir(), `triplicate-rclone-${process.getuid?.() ?? -1}`);

const nameOf = (pid: number) => `${pid}.json`;

/** The folder of the records, when it is one, and ours alone. */
async function ownFolder(): Promise<string | undefined> {
  const path = folderPath();
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() && isOnlyOurs(found, 0o700) ? path : undefined;
}

/** The text of a file of ours, never through a link. @throws for what we have not made */
async function readOwn(path: string): Promise<string> {
  // Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
  const file = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = await file.stat();
    const isRecord = found.isFile() && found.nlink === 1 && found.size <= MOST_BYTES && isOnlyOurs(found, 0o600);
    if (!isRecord) throw new Error('not a record of ours');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** @throws for what is no record */
function parseRecord(text: string): ControlRecord {
  const { pid, owner, address } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (isProcess(pid) && isProcess(owner) && typeof address === 'string' && ADDRESS.test(address)) {
    return { pid, owner, address };
  }
  throw new Error('not a record of ours');
}

/** 0 and negative numbers would signal whole groups of processes, 1 is the system's own. */
function isProcess(pid: unknown): pid is number {
  return Number.isSafeInteger(pid) && Number(pid) > 1;
}

function isOnlyOurs({ uid, mode }: { readonly uid: number; readonly mode: number }, expected: number): boolean {
  const ours = process.getuid?.();
  return ours === undefined || (uid === ours && (mode & 0o777) === expected);
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

/**
 * Whether the process itself was given the password of its record. Whoever listens at the address can claim any number;
 * what a process was started with only Linux shows, and elsewhere the answer has to do.
 */
async function wasStartedWith(pid: number, address: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const variables = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return variables.split('\0').includes(`RCLONE_RC_PASS=${new URL(address).password}`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
