import { type Command, Option } from 'commander';
import { add, collect, collectText, count, duration, size, someText, subset } from './options.ts';
import { registerKeys } from './register-keys.ts';
import { filtered, registerReading } from './register-reading.ts';
import { registerRepair } from './register-repair.ts';
import { runCopy } from './run-copy.ts';
import { runForget } from './run-forget.ts';
import { runBackup, runCheck, runInit, runPrune, runRestore, runUnlock } from './run-work.ts';
import { inSession } from './session.ts';

/** Adds `repo …`: commands that work on a repository itself, without the app's state (design, section 9). */
export function registerRepo(program: Command): void {
  const repo = program.command('repo').description('work straight on a repository, without app state');
  registerReading(repo);
  registerKeys(repo);
  registerRepair(repo);
  add(repo, 'init', 'create a repository').action((location, _options, command) =>
    inSession(command, location, runInit),
  );
  add(repo, 'backup', 'back up files and folders into the repository', '<path...>')
    .option('--exclude <glob>', 'leave out what matches (repeatable)', collect, [])
    .option('--tag <tag>', 'give the snapshot a tag (repeatable)', collect, [])
    .option('--host <name>', 'the name of this computer in the snapshot')
    .option('--exclude-larger-than <size>', 'leave out larger files (10M, 2G)', size)
    .option('--exclude-caches', 'leave out folders marked by CACHEDIR.TAG')
    .option('--exclude-if-present <name>', 'leave out folders that hold a file of this name (repeatable)', collect, [])
    .option(
      '--no-cache',
      'compare every folder with the last snapshot, also those that look as they did at the last run',
    )
    .action((location, paths, options, command) =>
      inSession(command, location, (session) => runBackup(session, paths, options)),
    );
  filtered(add(repo, 'restore', 'restore a snapshot (`latest`: the newest that fits)', '<snapshot>'))
    .requiredOption('--target <dir>', 'the folder to restore to', someText)
    .option(
      '--include <pattern>',
      'only what fits and what is below it: a path or a glob (repeatable)',
      collectText,
      [],
    )
    .addOption(
      new Option('--existing <rule>', 'what happens to files that are there already')
        .choices(['skip', 'replace', 'keep-both'])
        .default('replace'),
    )
    .option('--dry-run', 'only say what would be done')
    .action((location, snapshot, options, command) =>
      inSession(command, location, (session) => runRestore(session, snapshot, options)),
    );
  filtered(
    add(repo, 'copy', 'copy snapshots to another repository, only what it lacks', '<target> [snapshot...]').option(
      '--target-password-file <file>',
      'the passphrase of the target instead of TRIPLICATE_TARGET_PASSWORD; the same when neither is given',
    ),
  ).action((location, target, snapshots, options, command) =>
    inSession(command, location, (session) => runCopy(session, target, snapshots, options)),
  );
  add(repo, 'check', 'verify the repository')
    .option('--read-data', 'read and verify every byte')
    .option('--read-data-subset <n/t>', 'read and verify the n-th of t parts', subset)
    .action((location, options, command) => inSession(command, location, (session) => runCheck(session, options)));
  const forget = filtered(
    add(repo, 'forget', 'remove the named snapshots, or those that the rules do not keep', '[snapshot...]'),
  )
    .option('--prune', 'also remove what nothing needs any more')
    .option('--dry-run', 'only say what would be done')
    .option('--group-by <list>', 'host,paths,tags', 'host,paths')
    .option('--keep-tag <tag,…>', 'keep snapshots with these tags (repeatable)', collect, []);
  for (const word of ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly']) {
    forget.option(`--keep-${word} <n>`, `keep the last n ${word === 'last' ? '' : `${word} `}snapshots`, count);
  }
  for (const word of ['', '-hourly', '-daily', '-weekly', '-monthly', '-yearly']) {
    forget.option(`--keep-within${word} <duration>`, 'keep snapshots newer than this (1y5m7d2h)', duration);
  }
  forget.action((location, snapshots, options, command) =>
    inSession(command, location, (session) => runForget(session, snapshots, options)),
  );
  add(repo, 'prune', 'remove what no snapshot needs')
    .option('--dry-run', 'only say what would be done')
    .action((location, options, command) => inSession(command, location, (session) => runPrune(session, options)));
  add(repo, 'unlock', 'remove locks of programs that have died')
    .option('--remove-all', 'remove all locks, also those that may be in use')
    .action((location, options, command) => inSession(command, location, (session) => runUnlock(session, options)));
}
