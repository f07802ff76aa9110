import { Duplex, type Readable } from 'node:stream';
import { TriplicateError } from '../engine/errors.ts';
import { startChild } from './child.ts';
import type { Environment } from './environment.ts';

/** A running rclone that serves. */
export interface ServingProcess {
  readonly pid: number | undefined;
  readonly socket: Duplex;
  /** What holds our process while rclone runs. */
  readonly handles: readonly object[];
  readonly log: Readable | null;
  readonly ended: Promise<unknown>;
  kill(): void;
}

/**
 * rclone with one socket for both directions, made by the shell: HTTP/2 then works on the system's own handle. Over two pipes
 * Node wraps them in JavaScript, and when rclone dies in the middle of a transfer that wrapper breaks an assertion of
 * its own, which ends our process (`doWrite` in Node's js_stream_socket). Windows has no such shell.
 */
export function startServing(binary: string, args: readonly string[], environment: Environment): ServingProcess {
  if (process.platform === 'win32') {
    const {
      process: child,
      ended,
      kill,
    } = startChild(binary, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    const { pid, stdin, stdout, stderr: log } = child;
    if (stdin === null || stdout === null) throw notStarted();
    const socket = Duplex.from({ readable: stdout, writable: stdin });
    return { pid, socket, log, handles: [child, stdin, stdout, log].filter((handle) => handle !== null), ended, kill };
  }
  const script = ['-c', 'exec "$0" "$@" <&3 >&3 3>&-', binary, ...args];
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe'] as const;
  const { process: child, ended, kill } = startChild('/bin/sh', script, { env: environment, stdio: [...stdio] });
  const socket = child.stdio[3];
  if (!(socket instanceof Duplex)) throw notStarted();
  const { pid, stderr: log } = child;
  return { pid, socket, log, handles: [child, socket, log].filter((handle) => handle !== null), ended, kill };
}

function notStarted(): TriplicateError {
  return new TriplicateError('rclone/failed', 'rclone could not be started.');
}
