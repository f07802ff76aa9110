import { hostname, userInfo } from 'node:os';
import type { EngineHost } from '../../engine/engine.ts';
import { systemClock, systemRandom } from '../system.ts';

/** This machine, as the engine's records name it. */
export function systemHost(): EngineHost {
  const user = userInfo();
  return {
    clock: systemClock,
    random: systemRandom,
    hostname: hostname(),
    username: user.username,
    uid: Math.max(user.uid, 0),
    gid: Math.max(user.gid, 0),
    pid: process.pid,
    processExists,
    utcOffsetMinutes: (ns) => -new Date(Number(ns / 1_000_000n)).getTimezoneOffset(),
  };
}

/** True for a process that runs, also one of another user. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
