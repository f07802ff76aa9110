import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { onExit } from 'signal-exit';
import type { Environment } from './environment.ts';

/** A running rclone, or one that could not be started: then it has no `pid` and has ended. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it has ended, whoever ended it; never rejects. */
  readonly ended: Promise<void>;
  kill(): void;
}

/**
 * Starts a program that ends with us, also when a signal ends us. By Node itself: to load execa takes longer than rclone
 * takes to start.
 */
export function startChild(
  binary: string,
  args: readonly string[],
  options: { readonly env: Environment; readonly stdio: StdioOptions },
): Child {
  const child = spawn(binary, args, { ...options, windowsHide: true });
  const kill = (): void => {
    // Whoever ends it waits for its end.
    child.ref();
    child.kill('SIGTERM');
  };
  const forget = onExit(kill);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  }).then(forget);
  return { process: child, ended, kill };
}
