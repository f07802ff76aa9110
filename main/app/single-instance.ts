import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TriplicateError } from '../engine/errors.ts';
import { makeFolderDurably } from '../engine/store/local-files.ts';
import { writeDurably } from './state-file.ts';

const claimed = z.object({
  pid: z.number().int(),
  /** When that process began, by the system; another process may get the same number later. */
  began: z.string().nullable(),
  /** Where its calls are served, once they are. */
  address: z.string().nullable(),
  token: z.string().nullable(),
});
export type Claimed = z.infer<typeof claimed>;

/** A state folder in use by this process. */
export interface Claim {
  /** Says where other programs of this user reach the app. */
  publish(address: string, token: string): Promise<void>;
  release(): Promise<void>;
}

/** Takes the state folder for this process. @throws `app/already-running` while another lives */
export async function claimStateFolder(home: string): Promise<Claim> {
  const file = lockFile(home);
  await makeFolderDurably(home, 0o700);
  const mine: Claimed = { pid: process.pid, began: beginOf(process.pid), address: null, token: null };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await createExclusively(file, JSON.stringify(mine))) {
      return {
        publish: (address, token) => writeDurably(file, JSON.stringify({ ...mine, address, token })),
        release: () => rm(file, { force: true }),
      };
    }
    const other = await readClaim(home);
    if (other && isAlive(other))
      throw new TriplicateError('app/already-running', 'Triplicate is already running.', { data: { pid: other.pid } });
    await rm(file, { force: true }); // its process is gone
  }
  throw new TriplicateError('app/already-running', 'Triplicate is just being started elsewhere.');
}

/** The process that uses the state folder now; undefined when none does. */
export async function findRunning(home: string): Promise<Claimed | undefined> {
  const other = await readClaim(home);
  return other && isAlive(other) ? other : undefined;
}

function lockFile(home: string): string {
  return join(home, 'running.json');
}

async function createExclusively(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new TriplicateError('config/invalid', `The state folder ${home(file)} cannot be written.`, { cause: error });
  }
}

function home(file: string): string {
  return join(file, '..');
}

async function readClaim(folder: string): Promise<Claimed | undefined> {
  try {
    return claimed.safeParse(JSON.parse(await readFile(lockFile(folder), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, began }: Claimed): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const now = beginOf(pid);
  return began === null || now === null || began === now;
}

/** Start time of a process in the system's ticks; null where the system does not tell. */
function beginOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
