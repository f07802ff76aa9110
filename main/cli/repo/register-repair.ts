import type { Command } from 'commander';
import { add } from './options.ts';
import { runRepairIndex } from './run-repair.ts';
import { inSession } from './session.ts';

/** `repo repair …`: what puts a damaged repository in order. */
export function registerRepair(repo: Command): void {
  const repair = repo.command('repair').description('put a damaged repository in order');
  add(repair, 'index', 'make the index anew from what the packs hold').action((location, _options, command) =>
    inSession(command, location, runRepairIndex),
  );
}
