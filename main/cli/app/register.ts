import { type Command, InvalidArgumentError, Option } from 'commander';
import { demo } from '../demo.ts';
import { addDestination, listDestinations, removeDestination, testDestination } from './destinations.ts';
import { addFolder, listFolders, removeFolder } from './folders.ts';
import { find, history, restorePath } from './old-versions.ts';
import { serveCommand } from './serve.ts';
import { withApp } from './session.ts';
import { showStatus } from './status.ts';
import { backUp, catchUpNow, checkNow, drillNow, pruneNow } from './work.ts';

/** Adds the commands that work with the app: folders, destinations, runs, old versions, the interface (design, section 9). */
export function registerApp(program: Command): void {
  registerHosts(program);
  registerFolders(program);
  registerDestinations(program);
  registerWork(program);
  registerOldVersions(program);
}

function registerHosts(program: Command): void {
  word(program, 'start', 'open Triplicate').action((_options, command) => serveCommand(command, { browser: 'open' }));
  word(program, 'serve', 'serve the interface to a browser of this computer')
    .option('--port <n>', 'the port (default: a free one)', port)
    .option('--host <address>', 'the address to listen on (default: this computer only)')
    .option('--no-open', 'do not open a browser')
    .action((options, command) => serveCommand(command, { ...options, browser: options.open ? 'open' : 'leave' }));
  word(program, 'demo', 'show the whole promise on sample data, in under a minute')
    .option('--exit', 'end afterwards instead of leaving the interface open')
    .option('--port <n>', 'the port of the interface (default: a free one)', port)
    .action((options, command) => demo(command, options));
  word(program, 'status', 'folders, copies, and what is missing for 3-2-1').action((_options, command) =>
    withApp(command, showStatus),
  );
}

function registerFolders(program: Command): void {
  const folder = program.command('folder').description('the protected folders');
  word(folder, 'add <path>', 'protect a folder, or store a protected one at further destinations')
    .option('--exclude <glob>', 'leave out what matches (repeatable)', collect, [])
    .option('--to <name>', 'to this destination (repeatable; all when absent)', collect, [])
    .option('--name <name>', 'what to call it')
    .action((path, options, command) => withApp(command, (session) => addFolder(session, path, options)));
  word(folder, 'list', 'list them').action((_options, command) => withApp(command, listFolders));
  word(folder, 'remove <path>', 'stop protecting a folder; its old versions stay').action((path, _options, command) =>
    withApp(command, (session) => removeFolder(session, path)),
  );
}

function registerDestinations(program: Command): void {
  const destination = program.command('destination').description('the places that hold copies');
  word(destination, 'add <name> <location>', 'add a place: /path, rclone:REMOTE:PATH, rest:https://…')
    .addOption(new Option('--kind <kind>', 'the kind of storage').choices(['internal', 'external', 'network', 'cloud']))
    .option('--offsite', 'it is in another place than the folders')
    .option('--for <path>', 'to hold this protected folder (repeatable; all when absent)', collect, [])
    .option('--password-file <file>', 'read the passphrase from a file instead of TRIPLICATE_PASSWORD')
    .option('--its-password-file <file>', 'the passphrase of the repository that is there already, if it has its own')
    .action((name, location, options, command) =>
      withApp(command, (session) => addDestination(session, name, location, options)),
    );
  word(destination, 'list', 'list them').action((_options, command) => withApp(command, listDestinations));
  word(destination, 'test <name>', 'see whether it can be reached').action((name, _options, command) =>
    withApp(command, (session) => testDestination(session, name)),
  );
  word(destination, 'remove <name>', 'forget it; nothing is deleted there').action((name, _options, command) =>
    withApp(command, (session) => removeDestination(session, name)),
  );
}

function registerWork(program: Command): void {
  word(program, 'backup [path...]', 'back up now and wait')
    .option('--to <name>', 'only to this destination (repeatable)', collect, [])
    .action((paths, options, command) => withApp(command, (session) => backUp(session, paths, options)));
  word(program, 'check [name]', 'verify a destination, or all')
    .option('--read-data', 'read and verify every byte')
    .action((name, options, command) => withApp(command, (session) => checkNow(session, name, options)));
  word(program, 'prune [name]', 'thin out old versions at a destination, or at all').action((name, _options, command) =>
    withApp(command, (session) => pruneNow(session, name)),
  );
  word(program, 'drill [name]', 'try a restore from a destination, or from all').action((name, _options, command) =>
    withApp(command, (session) => drillNow(session, name)),
  );
  word(program, 'catch-up <name>', 'copy what a destination missed while it was away, from the others').action(
    (name, _options, command) => withApp(command, (session) => catchUpNow(session, name)),
  );
}

function registerOldVersions(program: Command): void {
  word(program, 'find [text]', 'search names over all history')
    .option('--deleted', 'only what no longer exists; without a text, what went last')
    .action((text, options, command) => withApp(command, (session) => find(session, text, options)));
  word(program, 'history <path>', 'the versions of one path').action((path, _options, command) =>
    withApp(command, (session) => history(session, path)),
  );
  word(program, 'restore <path>', 'restore a file or folder')
    .option('--at <time>', 'as it was at this time (2026-01-31, or with a time of day)')
    .option('--snapshot <id>', 'from this snapshot')
    .option('--from <name>', 'from this destination')
    .option('--to <dir>', 'into this folder')
    .option('--in-place', 'to where it was')
    .addOption(
      new Option('--existing <rule>', 'what happens to files that are there already')
        .choices(['skip', 'replace', 'keep-both'])
        .default('keep-both'),
    )
    .action((path, options, command) => withApp(command, (session) => restorePath(session, path, options)));
}

function word(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--json', 'print JSON');
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535)
    throw new InvalidArgumentError('It must be a port number.');
  return number;
}
