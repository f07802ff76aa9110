import type { Nanoseconds } from '../clock.ts';
import { JsonObject, parseJson } from './json-document.ts';
import { jsonString } from './json-text.ts';
import { formatLocalTime, type Timestamp, timestampOf } from './time.ts';

/** A claim on a repository (format, section 10). */
export interface Lock {
  readonly time: Timestamp;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Ours, which restic passes over: tells machines and containers of one name apart, see `EngineHost.machine`. */
  readonly machine?: string;
}

/** The machine that judges a lock. */
export interface LockJudge {
  readonly hostname: string;
  readonly machine?: string;
  processExists(pid: number): boolean;
}

/** No name that restic may come to use. */
const MACHINE = 'triplicateMachine';

/** A lock is renewed every five minutes; one this old has nobody left. */
export const STALE_AFTER: Nanoseconds = 30n * 60n * 1_000_000_000n;

/** One that says no more than the name of its computer has missed a renewal by then. */
const SILENT_AFTER: Nanoseconds = 10n * 60n * 1_000_000_000n;

/** The JSON text, without a final newline. */
export function encodeLock(lock: Lock): string {
  const time = lock.time.text ?? formatLocalTime(lock.time.ns);
  return (
    `{"time":${jsonString(time)},"exclusive":${lock.exclusive},"hostname":${jsonString(lock.hostname)}` +
    `,"username":${jsonString(lock.username)},"pid":${lock.pid}` +
    `${lock.uid ? `,"uid":${lock.uid}` : ''}${lock.gid ? `,"gid":${lock.gid}` : ''}` +
    `${lock.machine === undefined ? '' : `,"${MACHINE}":${jsonString(lock.machine)}`}}`
  );
}

/** @throws `repo/damaged` */
export function decodeLock(text: string): Lock {
  const fields = new JsonObject(parseJson(text, 'lock'), 'lock');
  const time = fields.text('time');
  if (time === undefined) throw fields.missing('time');
  const machine = fields.text(MACHINE);
  return {
    time: timestampOf(time),
    exclusive: fields.truth('exclusive') ?? false,
    hostname: fields.text('hostname') ?? '',
    username: fields.text('username') ?? '',
    pid: fields.count('pid') ?? 0,
    uid: fields.count('uid', MAX_UINT32) ?? 0,
    gid: fields.count('gid', MAX_UINT32) ?? 0,
    ...(machine === undefined ? {} : { machine }),
  };
}

/**
 * Older than half an hour, or of a process of this machine that no longer exists. A lock of restic names its computer only, and a
 * container or another computer may have that name as well: its process, which is not to be seen here, may be at work as long as
 * it renews the lock. (restic itself takes such a lock for dead at once.)
 */
export function isStale(lock: Lock, now: Nanoseconds, judge: LockJudge): boolean {
  const age = now - lock.time.ns;
  if (age > STALE_AFTER) return true;
  if (!isOfNobodyHere(lock, judge)) return false;
  return lock.machine !== undefined || age > SILENT_AFTER;
}

/** Whether the process would be here, as far as the lock tells, and is not. */
export function isOfNobodyHere(lock: Lock, judge: LockJudge): boolean {
  // Without a process number nothing can be proven, nor where the name is the same and the machine another.
  if (lock.hostname !== judge.hostname || lock.pid <= 0) return false;
  if (lock.machine !== undefined && lock.machine !== judge.machine) return false;
  return !judge.processExists(lock.pid);
}

/** Whether what we want cannot stand beside the locks of others. */
export function conflicts(wanted: 'shared' | 'exclusive', others: readonly Pick<Lock, 'exclusive'>[]): boolean {
  return wanted === 'exclusive' ? others.length > 0 : others.some(({ exclusive }) => exclusive);
}

const MAX_UINT32 = 0xffff_ffff;
