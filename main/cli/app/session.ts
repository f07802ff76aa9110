import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Run } from '../../api/contract/runs.ts';
import { stateFolder } from '../../app/home-folder.ts';
import { size } from '../../app/runs/report-words.ts';
import { TriplicateError } from '../../engine/errors.ts';
import { cancelOnSignals, EXIT, type ExitCode, reportFailure } from '../outcome.ts';
import { type Connection, connect, waitForRun } from './connection.ts';

/** What each command of the app works with. */
export interface AppSession {
  readonly home: string;
  readonly output: 'json' | 'text';
  readonly signal: AbortSignal;
  readonly app: Connection;
  /** A line for a person; nothing with `--json`. */
  say(line: string): void;
  /** One JSON document or event; nothing without `--json`. */
  json(value: unknown): void;
  /** Waits for the runs, shows how they go, prints their reports. */
  finish(runs: readonly Run[]): Promise<ExitCode>;
  /** Makes sure that the app knows the passphrase: environment, file, or asked on a terminal. */
  unlock(): Promise<void>;
}

interface Options {
  readonly home?: string;
  readonly json?: boolean;
  readonly passwordFile?: string;
}

/** Runs one command with the app, ends what it started, and sets the exit code. Never a stack trace. */
export async function withApp(command: Command, work: (session: AppSession) => Promise<ExitCode>): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const output = options.json ? 'json' : 'text';
  const signal = cancelOnSignals();
  let app: Connection | undefined;
  try {
    const home = stateFolder(options.home);
    app = await connect(home);
    process.exitCode = await work(makeSession({ home, output, signal, app, passwordFile: options.passwordFile }));
  } catch (error) {
    process.exitCode = reportFailure(error, output);
  } finally {
    clearLine();
    await app?.close();
  }
  // Signal handlers and idle connections must not keep a finished command alive.
  process.exit();
}

function makeSession(
  parts: Pick<AppSession, 'home' | 'output' | 'signal' | 'app'> & { passwordFile: string | undefined },
): AppSession {
  const { app, output, signal } = parts;
  const say = (line: string): void => {
    if (output === 'json') return;
    clearLine();
    process.stdout.write(`${line}\n`);
  };
  const json = (value: unknown): void => {
    if (output === 'json') process.stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    ...parts,
    say,
    json,
    finish: async (runs) => {
      let worst: ExitCode = EXIT.done;
      const ended: Run[] = [];
      for (const { id } of runs) {
        const run = await waitForRun(app, id, (now) => showProgress(now, output), signal);
        json(run);
        for (const line of describeRun(run)) say(line);
        worst = worse(worst, exitOf(run));
        ended.push(run);
      }
      // Else what was just stored could not be found while its destination is away.
      await app.settle(ended, signal);
      return worst;
    },
    unlock: () => unlockApp(app, parts.passwordFile),
  };
}

async function unlockApp(app: Connection, passwordFile: string | undefined): Promise<void> {
  const { setup } = await app.call('system.info', {});
  if (setup.unlocked) return;
  const passphrase = await readPassphrase(passwordFile, setup.passphraseSet ? 'existing' : 'new');
  if (setup.passphraseSet) await app.call('setup.unlock', { passphrase });
  else await app.call('setup.setPassphrase', { passphrase });
}

/** The first line's end does not belong to it. @throws `usage` */
export async function readPasswordFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new TriplicateError('usage', `The password file ${file} cannot be read.`, { cause: error });
  });
  return text.replace(/\r?\n$/, '');
}

async function readPassphrase(file: string | undefined, which: 'existing' | 'new'): Promise<string> {
  if (file !== undefined) return readPasswordFile(file);
  const given = process.env.TRIPLICATE_PASSWORD;
  if (given) return given;
  if (!process.stdin.isTTY) {
    throw new TriplicateError('app/passphrase-needed', 'Triplicate has no passphrase yet.', {
      hint: 'Set TRIPLICATE_PASSWORD, or give --password-file FILE.',
    });
  }
  const first = await askHidden(which === 'new' ? 'Choose a passphrase (8 characters or more): ' : 'Passphrase: ');
  if (which === 'new' && (await askHidden('The same once more: ')) !== first) {
    throw new TriplicateError('usage', 'The two were not the same.', { hint: 'Try again.' });
  }
  return first;
}

/** Reads a line from the terminal without showing it. */
function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  stdin.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: string): void => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n') return done(() => resolve(text));
        if (character === '\u0003') return done(() => reject(new TriplicateError('cancelled', 'Cancelled.')));
        text = character === '\u007f' || character === '\b' ? text.slice(0, -1) : text + character;
      }
    };
    const done = (then: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      then();
    };
    stdin.on('data', onData);
  });
}

function exitOf(run: Run): ExitCode {
  switch (run.state) {
    case 'done':
      return EXIT.done;
    case 'partial':
      return run.error || run.kind === 'restore' ? EXIT.failed : EXIT.partial;
    case 'cancelled':
      return EXIT.cancelled;
    default:
      return EXIT.failed;
  }
}

function worse(a: ExitCode, b: ExitCode): ExitCode {
  const order: readonly ExitCode[] = [EXIT.done, EXIT.partial, EXIT.usage, EXIT.failed, EXIT.cancelled];
  return order.indexOf(b) > order.indexOf(a) ? b : a;
}

/** How many findings are printed of each run. */
const SHOWN_FINDINGS = 20;

function describeRun(run: Run): readonly string[] {
  const lines = [`${run.title}: ${run.report?.summary ?? run.error?.message ?? run.state}`];
  if (run.report && run.error) lines.push(`  ${run.error.message}`);
  const findings = (run.report?.findings ?? []).filter(({ level }) => level !== 'info');
  for (const { text, path } of findings.slice(0, SHOWN_FINDINGS))
    lines.push(`  ${path && !text.includes(path) ? `${path}: ` : ''}${text}`);
  const more = findings.length - SHOWN_FINDINGS + (run.report?.moreFindings ?? 0);
  if (more > 0) lines.push(`  … and ${more} more`);
  if (run.error && run.state !== 'cancelled') lines.push(`  ${run.error.hint}`);
  return lines;
}

let lineShown = false;

function showProgress(run: Run, output: 'json' | 'text'): void {
  if (output === 'json' || !process.stderr.isTTY || run.state !== 'running' || !run.progress) return;
  const { phase, filesDone, filesTotal, bytesDone, bytesPerSecond, secondsLeft } = run.progress;
  const of = filesTotal === null ? '' : ` of ${filesTotal}`;
  const left = secondsLeft === null ? '' : `, ${secondsLeft} s left`;
  const line = `${phase} ${filesDone}${of} files, ${size(bytesDone)}, ${size(bytesPerSecond)}/s${left}`;
  process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  lineShown = true;
}

function clearLine(): void {
  if (lineShown) process.stderr.write('\r\u001b[2K');
  lineShown = false;
}
