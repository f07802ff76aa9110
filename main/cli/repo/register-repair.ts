import type { Command } from 'commander';
import { add, collect } from './options.ts';
import { runRepairIndex, runRepairPacks } from './run-repair.ts';
import { runUpgrade } from './run-upgrade.ts';
import { inSession } from './session.ts';

/** `repo repair …` and `repo upgrade`: what puts a repository in order that is damaged or old. */
export function registerRepair(repo: Command): void {
  const repair = repo.command('repair').description('put a damaged repository in order');
  add(repair, 'index', 'make the index anew from what the packs hold').action((location, _options, command) =>
    inSession(command, location, runRepairIndex),
  );
  add(repair, 'packs', 'read everything and put back what damaged and missing packs held')
    .option('--from <location>', 'take what is lost from this repository (repeatable)', collect, [])
    .option(
      '--from-password-file <file>',
      'the passphrase of those instead of TRIPLICATE_FROM_PASSWORD; the same when neither is given',
    )
    .action((location, options, command) =>
      inSession(command, location, (session) => runRepairPacks(session, options)),
    );
  add(repo, 'upgrade', 'make a version 1 repository one of version 2, which compresses').action(
    (location: string, _options: unknown, command: Command) =>
      inSession(command, location, (session) => runUpgrade(session, command.optsWithGlobals<{ home?: string }>())),
  );
}
