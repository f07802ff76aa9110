import type { AppPorts } from '../../main/app/ports.ts';
import type { FromWatchProcess } from '../../main/watch/watch-messages.ts';

/** A watcher's process that says what a test has it say. */
export interface ToldWatcher {
  readonly startProcess: AppPorts['startProcess'];
  /** As if the process had noticed it. */
  tell(message: FromWatchProcess): void;
}

export function toldWatcher(): ToldWatcher {
  let listener: (message: FromWatchProcess) => void = () => undefined;
  return {
    startProcess: () => ({
      post: () => undefined,
      onMessage: (given) => {
        listener = given;
      },
      onExit: () => undefined,
      stop: async () => undefined,
    }),
    tell: (message) => listener(message),
  };
}
