import type { WriteStream } from 'node:tty';
import { printableText } from '../../engine/format/printable.ts';

/**
 * One line as it may be written there. Names that others have stored go to a terminal as characters that move no cursor and hide
 * nothing; a program gets them as they are, as from restic.
 */
export function lineFor(stream: Pick<WriteStream, 'isTTY'>, text: string): string {
  return stream.isTTY ? printableText(text) : text;
}

/** A line for a person on the standard error. */
export function warn(text: string): void {
  process.stderr.write(`${lineFor(process.stderr, text)}\n`);
}
