import { type Command, Option } from 'commander';
import { add, collect, collectText } from './options.ts';
import { runDiff, runStats } from './run-compare.ts';
import { listEntries, listSnapshotsOf, runDump, runFind } from './run-reading.ts';
import { inSession } from './session.ts';

/** Commands that only look. */
export function registerReading(repo: Command): void {
  filtered(add(repo, 'snapshots', 'list the snapshots')).action((location, options, command) =>
    inSession(command, location, (session) => listSnapshotsOf(session, options)),
  );
  add(repo, 'ls', 'list what is in a snapshot', '<snapshot> [dir]')
    .option('-l, --long', 'with mode, owner, size and time')
    .action((location, snapshot, dir, options, command) =>
      inSession(command, location, (session) => listEntries(session, snapshot, dir, options)),
    );
  filtered(add(repo, 'find', 'find a name in all snapshots', '<pattern>'))
    .option('-i, --ignore-case', 'capital and small letters are the same')
    .option('--snapshot <id>', 'only in this snapshot')
    .action((location, pattern, options, command) =>
      inSession(command, location, (session) => runFind(session, pattern, options)),
    );
  add(repo, 'dump', 'write a file of a snapshot to standard output', '<snapshot> <path>').action(
    (location, snapshot, path, _options, command) =>
      inSession(command, location, (session) => runDump(session, snapshot, path)),
  );
  add(repo, 'diff', 'what differs between two snapshots', '<snapshot> <snapshot>')
    .option('--metadata', 'also what differs in mode, owner or time only')
    .action((location, from, to, options, command) =>
      inSession(command, location, (session) => runDiff(session, from, to, options)),
    );
  filtered(add(repo, 'stats', 'sizes of all or some snapshots', '[snapshot...]'))
    .addOption(
      new Option('--mode <mode>', 'what is counted: what a restore makes, or what is stored')
        .choices(['restore-size', 'raw-data'])
        .default('restore-size'),
    )
    .action((location, snapshots, options, command) =>
      inSession(command, location, (session) => runStats(session, snapshots, options)),
    );
}

/** The options that choose among snapshots, as restic has them. */
export function filtered(command: Command): Command {
  return command
    .option('--host <name>', 'only snapshots of this computer (repeatable: or of those)', collectText, [])
    .option('--path <path>', 'only snapshots that contain this path (repeatable)', collectText, [])
    .option('--tag <tag,…>', 'only snapshots with all of these tags (repeatable: or all of those)', collect, []);
}
