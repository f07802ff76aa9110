import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { EngineHost } from '../engine/engine.ts';
import { systemClock, systemRandom } from './system.ts';

/** This machine, as the engine sees it. */
export function systemHost(): EngineHost {
  const { username, uid, gid } = thisUser();
  return {
    clock: systemClock,
    random: systemRandom,
    hostname: hostname(),
    machine: thisMachine(),
    username,
    // Windows has no numbers for them.
    uid: Math.max(0, uid),
    gid: Math.max(0, gid),
    pid: process.pid,
    processExists,
    utcOffsetMinutes: (at) => -new Date(Number(at / 1_000_000n)).getTimezoneOffset(),
  };
}

/** The system may have no name for a user that is only a number, as programs in containers often run. */
function thisUser(): { readonly username: string; readonly uid: number; readonly gid: number } {
  const known = quietly(() => userInfo());
  return known ?? { username: '', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/**
 * Of Linux: two small computers on one network often have the same name, and a container may have that of its machine, where other
 * processes have the same numbers. Hashed, as the system's own number of a machine is not to be handed on (machine-id(5)).
 * Containers seldom have such a number; that of the system's start, which all on one machine see, is as good for a lock.
 */
function thisMachine(): string {
  const id = readLine('/etc/machine-id') || readLine('/proc/sys/kernel/random/boot_id');
  const processes = quietly(() => readlinkSync('/proc/self/ns/pid'));
  // Elsewhere the name has to do, so that a lock of ours is known from one of restic.
  if (!id || !processes) return createHash('sha256').update(`triplicate ${hostname()}`).digest('hex').slice(0, 32);
  return createHash('sha256').update(`triplicate ${id} ${processes}`).digest('hex').slice(0, 32);
}

function readLine(path: string): string | undefined {
  return quietly(() => readFileSync(path, 'utf8').trim());
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Signal 0 asks without disturbing; a process of another user answers with EPERM, and exists. */
function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
