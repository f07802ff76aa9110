import type { Command } from 'commander';
import { add } from './options.ts';
import { runKeyAdd, runKeyList, runKeyPasswd, runKeyRemove } from './run-keys.ts';
import { inSession } from './session.ts';

/** `repo key …`: who can open the repository. */
export function registerKeys(repo: Command): void {
  const key = repo.command('key').description('the passphrases that open a repository');
  add(key, 'list', 'list the keys').action((location, _options, command) => inSession(command, location, runKeyList));
  withNew(add(key, 'add', 'let one more passphrase open the repository')).action((location, _options, command) =>
    inSession(command, location, runKeyAdd),
  );
  add(key, 'remove', 'remove a key', '<id>').action((location, id, _options, command) =>
    inSession(command, location, (session) => runKeyRemove(session, id)),
  );
  withNew(add(key, 'passwd', 'replace the passphrase that opened the repository')).action(
    (location, _options, command) => inSession(command, location, runKeyPasswd),
  );
}

function withNew(command: Command): Command {
  return command.option(
    '--new-password-file <file>',
    'read the new passphrase from a file instead of TRIPLICATE_NEW_PASSWORD',
  );
}
