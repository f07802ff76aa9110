import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginKey } from '../../engine/format/key-file.ts';
import { isId } from '../../engine/ids.ts';
import { OLD } from './passphrase.ts';

/** Words in which the repository is looked for: `repo`, a command of two words, some options. */
const WORDS = 8;

/**
 * Begins to derive the key of a repository on this computer, for a program that has most of itself still to load. Which it is,
 * and whether the passphrase is right, is found out by the command: this only guesses, and says nothing of what is wrong.
 * A passphrase in a file is left to the command.
 */
export function beginLocalKey(words: readonly string[]): void {
  const passphrase = process.env[OLD.variable];
  if (!passphrase || words.some((word) => word.startsWith(OLD.option))) return;
  for (const word of words.slice(1, WORDS)) {
    try {
      const keys = join(word, 'keys');
      // The first is the one that the command will try first.
      const first = readdirSync(keys).find(isId);
      if (first === undefined) continue;
      beginKey(readFileSync(join(keys, first)), passphrase);
      return;
    } catch {
      // Not the repository.
    }
  }
}
