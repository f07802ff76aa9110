import { readFile } from 'node:fs/promises';
import { TriplicateError } from '../../engine/errors.ts';

/** Where a passphrase comes from when no file is named. */
export interface PassphraseSource {
  readonly what: string;
  readonly variable: string;
  readonly option: string;
}

export const OLD: PassphraseSource = {
  what: 'passphrase',
  variable: 'TRIPLICATE_PASSWORD',
  option: '--password-file',
};
export const TARGET: PassphraseSource = {
  what: 'passphrase of the target',
  variable: 'TRIPLICATE_TARGET_PASSWORD',
  option: '--target-password-file',
};
export const FROM: PassphraseSource = {
  what: 'passphrase of the other repository',
  variable: 'TRIPLICATE_FROM_PASSWORD',
  option: '--from-password-file',
};
export const NEW: PassphraseSource = {
  what: 'new passphrase',
  variable: 'TRIPLICATE_NEW_PASSWORD',
  option: '--new-password-file',
};

/**
 * A file's text without the line end that editors add, or the variable as it is. Never a command line argument.
 * @throws `usage`, `app/passphrase-needed`
 */
export async function readPassphrase(source: PassphraseSource, file: string | undefined): Promise<string> {
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new TriplicateError('usage', `The password file ${file} cannot be read.`, { cause });
    });
    if (text.trim() !== '') return text.trim();
    throw new TriplicateError('app/passphrase-needed', `The password file ${file} is empty.`, {
      hint: 'Write the passphrase into it; a repository without one would be open to everybody.',
    });
  }
  const passphrase = process.env[source.variable];
  if (passphrase !== undefined && passphrase !== '') return passphrase;
  throw new TriplicateError('app/passphrase-needed', `No ${source.what} was given.`, {
    hint: `Set ${source.variable} or give ${source.option} FILE.`,
  });
}
