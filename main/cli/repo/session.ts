import type { Command } from 'commander';
import { systemHost } from '../../app/engine-host.ts';
import { cacheFolder, remoteFilesFolder } from '../../app/home-folder.ts';
import { openStore } from '../../app/open-store.ts';
import { type EngineProgress, openRepository, type Repository } from '../../engine/engine.ts';
import { hasCode, TriplicateError, toWire } from '../../engine/errors.ts';
import { systemCode, whyNotWritten } from '../../engine/store/file-errors.ts';
import type { StoreLimits } from '../../engine/store/limited-store.ts';
import type { WriteStore } from '../../engine/store/store.ts';
import { FROM, NEW, OLD, type PassphraseSource, readPassphrase, TARGET } from './passphrase.ts';
import { lineFor, warn } from './terminal.ts';

/** What each `repo` command works with. */
export interface RepoSession {
  readonly signal: AbortSignal;
  readonly output: 'json' | 'text';
  /** A line for a person; nothing with `--json`. */
  say(text: string): void;
  /** One JSON document or event; nothing without `--json`. */
  json(value: unknown): void;
  /** A fresh picture of the progress: an event, or a line on a terminal that replaces itself. */
  progress(progress: EngineProgress): void;
  openStore(): Promise<WriteStore>;
  openRepository(options?: OpenRepositoryOptions): Promise<Repository>;
  /** Another one beside it: its passphrase is the same unless another is given for it. */
  openTarget(location: string): Promise<Repository>;
  /** As `openTarget`, for one that content is taken from. */
  openFrom(location: string): Promise<Repository>;
  passphrase(): Promise<string>;
  /** The one that is to be set, where a command sets one. */
  newPassphrase(): Promise<string>;
}

export interface OpenRepositoryOptions {
  /** Called when it is known which place it is, some tenths of a second before it is open. */
  readonly onStore?: (store: WriteStore) => void;
  /** `snapshots`: those of a far place stay on this disk, sealed, so that the next command need not fetch each of them. */
  readonly keeps?: 'nothing' | 'snapshots';
}

/** Exit codes (design, section 9). */
export type ExitCode = 0 | 1 | 3;

interface Options {
  readonly json?: boolean;
  readonly passwordFile?: string;
  readonly newPasswordFile?: string;
  readonly targetPasswordFile?: string;
  readonly fromPasswordFile?: string;
  /** KiB a second. */
  readonly limitUpload?: number;
  readonly limitDownload?: number;
}

/**
 * Runs one command: opens nothing by itself, closes every store, turns errors into words and exit codes, and SIGINT into
 * a clean end with 130.
 */
export async function inSession(
  command: Command,
  location: string,
  work: (session: RepoSession) => Promise<ExitCode>,
): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const output = options.json ? 'json' : 'text';
  const cancel = new AbortController();
  const stop = (): void => cancel.abort();
  for (const name of SIGNALS) process.on(name, stop);
  let outputFailure: Error | undefined;
  const stopWriting = (error: Error): void => {
    outputFailure ??= error;
    stop();
  };
  process.stdout.on('error', stopWriting);
  const stores: WriteStore[] = [];
  const session = makeSession(location, options, output, cancel.signal, stores);
  try {
    const code = await work(session);
    await outputWritten();
    process.exitCode = outputFailure ? tellOutputFailure(outputFailure, code) : code;
  } catch (error) {
    await outputWritten();
    process.exitCode = outputFailure ? tellOutputFailure(outputFailure, 130) : tellError(error, output, cancel.signal);
  } finally {
    clearProgress();
    for (const store of stores) await store.close().catch(() => undefined);
    for (const name of SIGNALS) process.off(name, stop);
    process.stdout.off('error', stopWriting).on('error', () => undefined);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function makeSession(
  location: string,
  options: Options,
  output: 'json' | 'text',
  signal: AbortSignal,
  stores: WriteStore[],
): RepoSession {
  const host = systemHost();
  const passphrase = (): Promise<string> => readPassphrase(OLD, options.passwordFile);
  const open = async (where = location, keeps: 'nothing' | 'snapshots' = 'nothing'): Promise<WriteStore> => {
    const limits = limitsOf(options);
    const kept = { cacheFolder: remoteFilesFolder(cacheFolder()), cachedRooms: new Set(['snapshots'] as const) };
    const store = await openStore(where, {
      clock: host.clock,
      ...(limits ? { limits } : {}),
      ...(keeps === 'snapshots' ? kept : {}),
    });
    stores.push(store);
    return store;
  };
  const openOther = async (where: string, source: PassphraseSource, file: string | undefined): Promise<Repository> => {
    const isGiven = file !== undefined || process.env[source.variable];
    const secret = await (isGiven ? readPassphrase(source, file) : passphrase());
    return openRepository(await open(where), { passphrase: secret }, host, signal);
  };
  return {
    signal,
    output,
    say: (text) => {
      if (output === 'json') return;
      clearProgress();
      process.stdout.write(`${lineFor(process.stdout, text)}\n`);
    },
    json: (value) => {
      if (output === 'json') writeJson(value);
    },
    progress: (progress) => showProgress(progress, output),
    openStore: () => open(),
    openRepository: async ({ onStore, keeps } = {}) => {
      const secret = await passphrase();
      const store = await open(location, keeps);
      // Asks for the keys first: nothing else can be used before one is derived.
      const opening = openRepository(store, { passphrase: secret }, host, signal);
      opening.catch(() => undefined);
      onStore?.(store);
      return opening;
    },
    openTarget: (where) => openOther(where, TARGET, options.targetPasswordFile),
    openFrom: (where) => openOther(where, FROM, options.fromPasswordFile),
    passphrase,
    newPassphrase: () => readPassphrase(NEW, options.newPasswordFile),
  };
}

function limitsOf({ limitUpload = 0, limitDownload = 0 }: Options): StoreLimits | undefined {
  if (limitUpload === 0 && limitDownload === 0) return undefined;
  return {
    ...(limitUpload > 0 ? { uploadBytesPerSecond: limitUpload * 1024 } : {}),
    ...(limitDownload > 0 ? { downloadBytesPerSecond: limitDownload * 1024 } : {}),
  };
}

function tellError(error: unknown, output: 'json' | 'text', signal: AbortSignal): number {
  clearProgress();
  const isCancelled = signal.aborted || hasCode(error, 'cancelled');
  const wire = isCancelled ? toWire(new TriplicateError('cancelled', 'Cancelled.')) : toWire(error);
  if (output === 'json') writeJson({ type: 'error', error: wire });
  else for (const text of `${wire.message}\n${wire.hint}`.split('\n')) warn(text);
  if (process.env.TRIPLICATE_DEBUG && error instanceof Error)
    process.stderr.write(`${error.stack} ${String(error.cause ?? '')}\n`);
  if (isCancelled) return 130;
  return wire.code === 'usage' ? 2 : 1;
}

/** The system says that output cannot be written when it gets there, which may be after the work has ended. */
function outputWritten(): Promise<void> {
  return new Promise((resolve) => {
    // The event comes after the callback.
    process.stdout.write('', () => setImmediate(resolve));
  });
}

/** A reader that has seen enough (`… | head`) ends the command quietly, with `cut`: how the work ended, or that it did not. */
function tellOutputFailure(error: Error, cut: ExitCode | 130): number {
  clearProgress();
  if (systemCode(error) === 'EPIPE') return cut;
  // Not as JSON: it would have to be written to the same place.
  const { message, hint } = outputError(error);
  warn(message);
  warn(hint);
  return 1;
}

function outputError(error: Error): TriplicateError {
  return new TriplicateError(
    ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '') ? 'store/full' : 'store/unreachable',
    `The output cannot be written: ${whyNotWritten(error)}`,
    {
      hint: 'What the command has stored so far stays. Write the output to another place, or free some space there, and run it again.',
      cause: error,
    },
  );
}

let lastShown = 0;
let isLineOpen = false;

function showProgress(progress: EngineProgress, output: 'json' | 'text'): void {
  const now = performance.now();
  const pause = output === 'json' ? 500 : 150;
  if (now - lastShown < pause) return;
  lastShown = now;
  if (output === 'json') writeJson({ type: 'progress', ...progress });
  else if (process.stderr.isTTY) {
    const files =
      progress.filesTotal === null ? `${progress.filesDone}` : `${progress.filesDone}/${progress.filesTotal}`;
    const bytes =
      progress.bytesTotal === null
        ? sizeText(progress.bytesDone)
        : `${sizeText(progress.bytesDone)} of ${sizeText(progress.bytesTotal)}`;
    process.stderr.write(`\r\x1b[K${progress.phase} ${files}, ${bytes}`);
    isLineOpen = true;
  }
}

function clearProgress(): void {
  if (isLineOpen) process.stderr.write('\r\x1b[K');
  isLineOpen = false;
}

/** `1 file`, `2 files`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** One line, also for readers that take U+2028 and U+2029 for the end of one, as Node's readline and Python do. */
function writeJson(value: unknown): void {
  const text = JSON.stringify(value, plainJson).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  process.stdout.write(`${text}\n`);
}

/** Big numbers as text, bytes as text: JSON knows neither. */
function plainJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
}
