import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { onExit } from 'signal-exit';
import type { Environment } from './environment.ts';

/** How long it may take to end by itself. The app gives its engine 8 s, of which 6 may be gone when rclone is told. */
const PATIENCE_MS = 1500;

/** A running rclone, or one that could not be started: then it has no `pid` and has ended. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it has ended, whoever ended it; never rejects. */
  readonly ended: Promise<void>;
  /** Asks it to end, and ends it by force when it does not. */
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
  let force: NodeJS.Timeout | undefined;
  const kill = (): void => {
    // Whoever ends it waits for its end.
    child.ref();
    child.kill('SIGTERM');
    force ??= setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref();
  };
  const forget = onExit(kill);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  }).then(() => {
    forget();
    clearTimeout(force);
  });
  return { process: child, ended, kill };
}
