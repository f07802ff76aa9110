import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';

/**
 * The app's log in its state folder. A line that cannot be written is lost, and nothing else: pino's own file throws into the
 * void when the disk is full, which ends the app, and at the end tries for ever to write what is left (sonic-boom, `flushSync`).
 */
export function openLog(stateFolder: string): Logger {
  const path = join(stateFolder, 'triplicate.log');
  const write = (line: string): void => {
    try {
      // At once: the last line before the end is the one that is wanted. They are few.
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      // No room, or no permission.
    }
  };
  return pino({ level: process.env.TRIPLICATE_LOG ?? 'info', redact: ['*.passphrase', 'passphrase'] }, { write });
}
