import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TriplicateError } from '../engine/errors.ts';
import { makeFolderDurably } from '../engine/store/local-files.ts';
import { removeUnfinished, temporaryName, unwritable, writeDurably } from './state-file.ts';
import { takeSystemLock } from './system-lock.ts';

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
  await makeFolderDurably(home, 0o700).catch((error: unknown) => {
    throw unwritable(home, error);
  });
  const lock = takeSystemLock(join(home, SYSTEM_LOCK), PATIENCE_MS);
  if (lock === 'taken') throw new TriplicateError('app/already-running', 'Triplicate is already running.');
  const release = (): void => (lock === 'unknown' ? undefined : lock.release());
  try {
    return await claim(home, file, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function claim(home: string, file: string, releaseLock: () => void): Promise<Claim> {
  const mine: Claimed = { pid: process.pid, began: beginOf(process.pid), address: null, token: null };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await createExclusively(file, JSON.stringify(mine))) {
      await removeUnfinished(home, LOCK);
      return {
        publish: (address, token) => writeDurably(file, JSON.stringify({ ...mine, address, token })),
        release: async () => {
          await rm(file, { force: true });
          releaseLock();
        },
      };
    }
    const text = await readText(file);
    const other = parseClaim(text);
    if (other && isAlive(other))
      throw new TriplicateError('app/already-running', 'Triplicate is already running.', { data: { pid: other.pid } });
    if (text !== undefined) await takeAway(file, text); // its process is gone
  }
  throw new TriplicateError('app/already-running', 'Triplicate is just being started elsewhere.');
}

/** The process that uses the state folder now; undefined when none does. */
export async function findRunning(home: string): Promise<Claimed | undefined> {
  const other = parseClaim(await readText(lockFile(home)).catch(() => undefined));
  return other && (isAlive(other) || isHeld(home)) ? other : undefined;
}

const LOCK = 'running.json';
/** Beside what it says in there: whose process has which number is another matter in each container. */
const SYSTEM_LOCK = 'running.lock';
/** Whoever only asks has the lock for a moment. */
const PATIENCE_MS = 100;

function isHeld(home: string): boolean {
  const lock = takeSystemLock(join(home, SYSTEM_LOCK), 0);
  if (lock !== 'taken' && lock !== 'unknown') lock.release();
  return lock === 'taken';
}

function lockFile(home: string): string {
  return join(home, LOCK);
}

/** Gives the text the name where nothing has it: whoever reads it finds all of it. */
async function createExclusively(file: string, text: string): Promise<boolean> {
  const temporary = temporaryName(file);
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600 });
    await link(temporary, file).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error;
      return writeFile(file, text, { flag: 'wx', mode: 0o600 }); // no hard links here
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw unwritable(file, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Removes the claim with this text; another one, which was made since it was read, stays. */
async function takeAway(file: string, text: string): Promise<void> {
  const aside = temporaryName(file);
  try {
    await rename(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readText(aside).catch(() => undefined)) !== text) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Undefined where there is no such file. @throws `config/invalid` for one that may not be read: whose it is may be running */
async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new TriplicateError('config/invalid', `${file} cannot be read.`, {
      cause,
      hint: 'Another user may have started Triplicate with this state folder. End that one, and give the folder with all that is in it to the user who uses it.',
    });
  }
}

function parseClaim(text: string | undefined): Claimed | undefined {
  try {
    return claimed.safeParse(JSON.parse(text ?? '')).data;
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
