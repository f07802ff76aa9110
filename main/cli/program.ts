/** The words and options of the command line: hands them to a command, turns its outcome into an exit code. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { TriplicateError, toWire } from '../engine/errors.ts';
import { EXIT, reportFailure } from './outcome.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('triplicate')
  .description('Keeps three copies of what matters: versioned, encrypted, deduplicated, and proven.')
  .version(version)
  .option(
    '--home <dir>',
    'where Triplicate keeps its own state (default: TRIPLICATE_HOME, or the place of this system)',
  )
  .option('--json', 'print one JSON document, or one JSON line for each event of long work')
  .showHelpAfterError('Run with --help to see what there is.')
  .exitOverride();

// `repo` commands need none of the app, whose modules take longer to load than a small command takes to run.
if (process.argv.slice(2).find((word) => !word.startsWith('-')) !== 'repo') {
  (await import('./app/register.ts')).registerApp(program);
}
(await import('./repo/register.ts')).registerRepo(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failureOf(error);
}

/** commander has printed its own complaint by the time it throws. */
function failureOf(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    // Whoever reads JSON does not read that; the options may not even have been looked at.
    if (process.argv.includes('--json')) {
      const wire = toWire(new TriplicateError('usage', error.message.replace(/^error: /, '')));
      process.stdout.write(`${JSON.stringify({ type: 'error', error: wire })}\n`);
    }
    return EXIT.usage;
  }
  return reportFailure(error, program.opts<{ json?: boolean }>().json ? 'json' : 'text');
}
