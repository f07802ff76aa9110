import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beginKey } from '../../engine/format/key-file.ts';
import { isId } from '../../engine/ids.ts';
import { OLD } from './passphrase.ts';

/** A key file has some hundred bytes. */
const MOST_BYTES = 16 * 1024;

/**
 * Begins to derive the key of a repository on this computer, for a program that has most of itself still to load. Which it is,
 * and whether the passphrase is right, is found out by the command: this only guesses, and says nothing of what is wrong.
 * A passphrase in a file is left to the command.
 * @param words those of the command line
 */
export function beginLocalKey(words: readonly string[]): void {
  const passphrase = process.env[OLD.variable];
  if (!passphrase || words.some((word) => NOT_AHEAD.test(word))) return;
  for (const place of placesIn(words)) {
    try {
      const keys = join(place, 'keys');
      // The first is the one that the command will try first.
      const first = readdirSync(keys).find(isId);
      if (first === undefined) continue;
      const file = join(keys, first);
      const found = statSync(file);
      if (!found.isFile() || found.size > MOST_BYTES) return;
      beginKey(readFileSync(file), passphrase);
      return;
    } catch {
      // Not the repository.
    }
  }
}

/** Another passphrase, another kind of place, or no work at all. */
const NOT_AHEAD = /^(--password-file|rest:|rclone:|--help$|-h$)/;

/** Where the repository may be: behind the command, which may be of two words. */
function placesIn(words: readonly string[]): readonly string[] {
  const [, , ...places] = words.slice(words.indexOf('repo')).filter((word) => !word.startsWith('-'));
  return places.slice(0, 2);
}
