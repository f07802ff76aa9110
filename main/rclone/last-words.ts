import type { Readable } from 'node:stream';
import { hasCode, type TriplicateError } from '../engine/errors.ts';
import { rcloneError } from './rclone-errors.ts';

/** How much of the end of a log is kept: a reason is one line. */
const KEPT_CHARACTERS = 8192;
/** How long after its connection broke rclone's end is waited for. */
const PATIENCE_MS = 2_000;

/** What comes before the reason when rclone cannot even begin with a place; the name of the place may hold anything. */
const CANNOT_BEGIN = /Failed to create file system for "(?:[^"\\]|\\.)*": (.*)/s;

/**
 * Keeps the end of what a process says on its standard error, and the pipe empty: rclone would block on a full one. The answer
 * asks for that end, and waits until the process has closed its log, as far as that comes soon.
 */
export function hearLastWords(log: Readable | null): () => Promise<string> {
  if (log === null) return async () => '';
  let text = '';
  log.setEncoding('utf8');
  log.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT_CHARACTERS);
  });
  log.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => log.once('close', resolve));
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    return text;
  };
}

/** Why rclone did not begin with a place, when that lies in its configuration or in who answers: no later start can do better. */
export function refusalIn(lastWords: string, location: string): TriplicateError | undefined {
  const reason = CANNOT_BEGIN.exec(lastWords)?.[1]?.trim();
  if (reason === undefined) return undefined;
  const error = rcloneError(location, reason);
  return hasCode(error, 'rclone/remote-unknown', 'rclone/remote-invalid', 'rclone/host-untrusted') ? error : undefined;
}
