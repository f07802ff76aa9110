/**
 * The one error class of Triplicate and its flat list of codes. Every failure that a person or a caller meets is one of
 * these; codes are part of the contract and survive worker threads, processes and both transports (`toWire`/`fromWire`).
 * Test by `code` (`hasCode`), never by `instanceof`: a class does not survive a thread border.
 */

/** Whether trying again can help: never, after a delay, or once the place is reachable again. */
export type Retry = 'never' | 'backoff' | 'when-back';

/** What kind of failure each code is, and what a person can do next when the thrower says nothing better. */
const CODES = {
  'store/not-found': { retry: 'never', hint: 'Check that the destination is complete; `check` names what is missing.' },
  'store/exists': { retry: 'never', hint: 'Nothing was overwritten.' },
  'store/unreachable': {
    retry: 'when-back',
    hint: 'Connect the disk or the network; the next run continues by itself.',
  },
  'store/denied': { retry: 'never', hint: 'Check the permissions or the login of the destination.' },
  'store/full': { retry: 'never', hint: 'Free some space at the destination, then run again; nothing stored is lost.' },
  'store/corrupt': { retry: 'never', hint: 'Run `check` on this destination; other copies are not affected.' },
  'store/list-incomplete': {
    retry: 'never',
    hint: 'All that is stored is safe. Try again later; when it stays so, the server or a cache before it is at fault.',
  },
  'store/read-only': { retry: 'never', hint: 'Make the destination writable, then run again.' },
  'store/bad-location': { retry: 'never', hint: 'Use /path, rclone:REMOTE:PATH or rest:http(s)://…' },
  'repo/not-a-repository': {
    retry: 'never',
    hint: 'If this is a disk, check that it is connected and mounted; otherwise check the location, or create a repository there.',
  },
  'repo/exists': { retry: 'never', hint: 'Open the existing repository instead; nothing was changed.' },
  'repo/wrong-passphrase': {
    retry: 'never',
    hint: 'Check the passphrase (capital letters, keyboard layout) and try again.',
  },
  'repo/other-repository': {
    retry: 'never',
    hint: 'Nothing was written there. Connect the disk that belongs there; when it was replaced for good, remove this destination and add it again.',
  },
  'repo/unsupported': { retry: 'never', hint: 'Use a program that knows this version of the format.' },
  'repo/locked': {
    retry: 'backoff',
    hint: 'Wait for the other program to end, or clear the lock with `unlock` if it has died.',
  },
  'repo/too-many-keys': { retry: 'never', hint: 'Remove a key that nobody needs any more, then try again.' },
  'repo/key-not-found': { retry: 'never', hint: 'List the keys to see their ids.' },
  'repo/key-in-use': {
    retry: 'never',
    hint: 'Give the passphrase of another key to remove this one, or change it with `key passwd`.',
  },
  'repo/damaged': { retry: 'never', hint: 'Run `check` to see what is affected; other copies can be used meanwhile.' },
  'repo/blob-missing': { retry: 'never', hint: 'Run `check`; another destination may still have this content.' },
  'snapshot/not-found': { retry: 'never', hint: 'List the snapshots to see what exists.' },
  'snapshot/ambiguous': { retry: 'never', hint: 'Give more characters of the id.' },
  'path/not-found': { retry: 'never', hint: 'Check the path; search finds old and deleted names.' },
  'source/missing': { retry: 'when-back', hint: 'Connect the disk that holds it; old versions are kept.' },
  'source/unreadable': { retry: 'backoff', hint: 'Check the permissions of the named files.' },
  'source/nothing-left': { retry: 'never', hint: 'Check the exclusions and the permissions; older versions are kept.' },
  'source/empty-suspicious': {
    retry: 'never',
    hint: 'Check that the folder is what you expect before backing up again.',
  },
  'restore/target-invalid': { retry: 'never', hint: 'Choose another place to restore to.' },
  'restore/unsafe-name': { retry: 'never', hint: 'This entry was left out; everything else was restored.' },
  'restore/incomplete': { retry: 'never', hint: 'See the report for what is missing; another copy may have it.' },
  'rclone/not-installed': { retry: 'never', hint: 'Install rclone 1.60 or newer (on Debian: apt install rclone).' },
  'rclone/remote-unknown': { retry: 'never', hint: 'Configure the remote with `rclone config`, then try again.' },
  'rclone/remote-invalid': {
    retry: 'never',
    hint: 'Correct the remote with `rclone config`, then try again; nothing stored was changed.',
  },
  'rclone/host-untrusted': {
    retry: 'never',
    hint: 'Another machine may be answering in its place; nothing was sent to it. Log in to the network if it asks you to. If the server was set up anew, have its new key or certificate confirmed (`known_hosts`, or the certificates of this system), then try again.',
  },
  'rclone/config-unreadable': {
    retry: 'never',
    hint: 'If it is encrypted, set RCLONE_CONFIG_PASS or RCLONE_PASSWORD_COMMAND for Triplicate; `rclone listremotes` shows what is wrong.',
  },
  'rclone/failed': { retry: 'backoff', hint: 'See the message; `destination test` tries the connection again.' },
  'config/invalid': { retry: 'never', hint: 'The old file was kept beside the new one.' },
  'config/newer': { retry: 'never', hint: 'Update Triplicate; the file was not changed.' },
  'engine/stopped': {
    retry: 'backoff',
    hint: 'It starts again by itself; what was stored stays, and the run is repeated.',
  },
  'app/state-unwritable': {
    retry: 'backoff',
    hint: 'Make room on the disk of the state folder, or make the folder writable. What is stored at destinations stays; what could not be written down is, as soon as it can be.',
  },
  'app/already-running': { retry: 'never', hint: 'Use the window that is already open.' },
  'app/not-found': { retry: 'never', hint: 'List what exists and check the name.' },
  'app/exists': { retry: 'never', hint: 'Choose another name or location.' },
  'app/same-place': {
    retry: 'never',
    hint: 'It counts as one copy, and is written to once; nothing stored is lost. For another copy choose another disk or a cloud.',
  },
  'app/invalid': { retry: 'never', hint: 'Correct the value and try again.' },
  'app/passphrase-needed': { retry: 'never', hint: 'Enter the passphrase once; it is kept in the key store.' },
  'app/unauthorized': { retry: 'never', hint: 'Open the address that was printed at start.' },
  cancelled: { retry: 'never', hint: 'Start it again when you want; what was stored stays.' },
  usage: { retry: 'never', hint: 'Try --help.' },
  internal: { retry: 'never', hint: 'This is a fault of Triplicate. Please report it with the log.' },
} as const satisfies Record<string, { retry: Retry; hint: string }>;

export type ErrorCode = keyof typeof CODES;

/** Every code, for tests and docs. */
export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

/** Plain values that travel with an error: ids, paths, sizes. Never secrets. */
export type ErrorData = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** The form of an error that crosses threads, processes and transports. */
export interface WireError {
  readonly code: ErrorCode;
  /** What happened, in words for a person. */
  readonly message: string;
  /** What is safe, and what to do next. */
  readonly hint: string;
  readonly retry: Retry;
  readonly data: ErrorData;
}

export interface TriplicateErrorOptions {
  readonly data?: ErrorData;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error of the domain: `code` for programs, `message` and `hint` for a person, `data` for the log. */
export class TriplicateError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retry: Retry;
  readonly data: ErrorData;

  constructor(code: ErrorCode, message: string, options: TriplicateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TriplicateError';
    this.code = code;
    this.hint = options.hint ?? CODES[code].hint;
    this.retry = CODES[code].retry;
    this.data = options.data ?? {};
  }
}

/** True when `error` carries `code`, whichever thread or process made it. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(error.code as ErrorCode);
}

/** True for what is wrong with one place alone, or on the way to it: another place is not concerned. */
export function isOfOnePlace(error: unknown): boolean {
  return error instanceof TriplicateError && /^(store|repo|rclone)\//.test(error.code);
}

/** The form of any thrown value that may cross a border; an unknown one becomes `internal`, its message kept for the log. */
export function toWire(error: unknown): WireError {
  if (error instanceof TriplicateError) {
    return { code: error.code, message: error.message, hint: error.hint, retry: error.retry, data: error.data };
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: 'cancelled', message: 'Cancelled.', hint: CODES.cancelled.hint, retry: 'never', data: {} };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, hint: CODES.internal.hint, retry: 'never', data: {} };
}

/** Turns what `toWire` made back into a typed error. */
export function fromWire(wire: WireError): TriplicateError {
  return new TriplicateError(wire.code, wire.message, { hint: wire.hint, data: wire.data });
}

/** Throws the `cancelled` error when `signal` has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TriplicateError('cancelled', 'Cancelled.');
}
