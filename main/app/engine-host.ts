import { hostname, userInfo } from 'node:os';
import type { EngineHost } from '../engine/engine.ts';
import { systemClock, systemRandom } from './system.ts';

/** This machine, as the engine sees it. */
export function systemHost(): EngineHost {
  const { username, uid, gid } = userInfo();
  return {
    clock: systemClock,
    random: systemRandom,
    hostname: hostname(),
    username,
    // Windows has no numbers for them.
    uid: Math.max(0, uid),
    gid: Math.max(0, gid),
    pid: process.pid,
    processExists,
    utcOffsetMinutes: (at) => -new Date(Number(at / 1_000_000n)).getTimezoneOffset(),
  };
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
