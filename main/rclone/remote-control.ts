import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { hasCode, TriplicateError } from '../engine/errors.ts';
import { createHttpTransport, type HttpTransport } from '../engine/store/http-transport.ts';
import { startChild } from './child.ts';
import type { Environment } from './environment.ts';
import { endStaleControls, forgetControl, rememberControl } from './stale-controls.ts';

/** What rclone says when a call fails: its text and HTTP status. */
export interface RcloneFailure {
  readonly status: number;
  readonly text: string;
}

export type RcloneAnswer =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly failure: RcloneFailure };

/** Nobody is there to be asked for the password of the configuration: without this, rclone would wait for an answer. */
export const UNATTENDED = '--ask-password=false';

/**
 * Retries are ours (`retrying`), so rclone's own stay small. Each failed one also doubles rclone's pause before the next
 * call (to 2 s): with its default of ten, a dead remote takes half a minute to say so.
 */
export const PATIENCE = [
  '--low-level-retries',
  '2',
  '--retries',
  '1',
  '--contimeout',
  '10s',
  '--ask-password=false',
] as const;

/** How long a connection of this rclone may be silent: it asks short questions. */
const QUESTION_TIMEOUT = ['--timeout', '30s'] as const;

/** Calls that change nothing, so that they need not wait until it is known which rclone it is. */
const QUESTIONS: ReadonlySet<string> = new Set([
  'operations/list',
  'operations/stat',
  'operations/fsinfo',
  'config/get',
]);

/** rclone's exit code when it cannot go on; who is killed has another, or none. */
const GAVE_UP = 1;
/** How long after its connections broke rclone's end is waited for. */
const LAST_WORDS_MS = 2_000;

/** How long one that is to be closed may take to say who it is. */
const CLOSING_MS = 500;

/** The oldest version whose behaviour is measured and tested. */
const OLDEST = [1, 60] as const;

interface Running {
  readonly transport: HttpTransport;
  readonly pid: number;
  /** Its version, when it is known to be one that can be worked with, and to have read its configuration. */
  readonly checked: Promise<string>;
  kill(): void;
  readonly ended: Promise<unknown>;
}

/**
 * One `rclone rcd` on loopback: asks remotes for sizes, lists, moves, and says truthfully why something failed. Its random
 * user and password travel through the environment, never through arguments. It starts with the first call, and again
 * with the next one after a crash.
 */
export class RemoteControl {
  readonly #binary: string;
  readonly #environment: Environment;
  #running: Promise<Running> | undefined;
  /** Ends the process that was started last, also while it starts. */
  #kill: (() => void) | undefined;

  constructor(binary: string, environment: Environment) {
    this.#binary = binary;
    this.#environment = environment;
  }

  /** Starts the process ahead of the first call, which meets the failure if there is one. */
  begin(): void {
    this.#start().catch(() => undefined);
  }

  /** One call of the remote control API. @throws `rclone/failed` when rclone itself does not answer; `cancelled` */
  async call(method: string, parameters: object, signal?: AbortSignal): Promise<RcloneAnswer> {
    const body = Buffer.from(JSON.stringify(parameters));
    const when = QUESTIONS.has(method) ? 'at-once' : 'once-checked';
    return this.#post(`/${method}`, body, { type: 'application/json', when }, signal);
  }

  /** Streams bytes to `folder/name` of a remote; the form is the one that `operations/uploadfile` reads. */
  async upload(
    target: { readonly fs: string; readonly folder: string; readonly name: string },
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<RcloneAnswer> {
    const boundary = `triplicate-${randomBytes(16).toString('hex')}`;
    const head =
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${target.name}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n';
    const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    const query = new URLSearchParams({ fs: target.fs, remote: target.folder });
    const path = `/operations/uploadfile?${query}`;
    const type = `multipart/form-data; boundary=${boundary}`;
    return this.#post(path, body, { type, when: 'once-checked' }, signal);
  }

  /** rclone's version, such as `v1.60.1`. */
  async version(): Promise<string> {
    return (await this.#start()).checked;
  }

  /** The process, for tests that kill it. */
  async pid(): Promise<number> {
    const { pid, checked } = await this.#start();
    await checked;
    return pid;
  }

  async close(): Promise<void> {
    const starting = this.#running;
    this.#running = undefined;
    // One that is stuck as it starts answers nobody, and not to this either.
    const timer = setTimeout(() => this.#kill?.(), CLOSING_MS);
    try {
      const running = await starting?.catch(() => undefined);
      if (running === undefined) return;
      // Its record would be written after it was taken away.
      await running.checked.catch(() => undefined);
      await running.transport.close();
      running.kill();
      await running.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  async #post(
    path: string,
    body: Uint8Array,
    { type, when }: { readonly type: string; readonly when: 'at-once' | 'once-checked' },
    signal?: AbortSignal,
  ): Promise<RcloneAnswer> {
    const { transport, checked } = await this.#start();
    if (when === 'once-checked') await checked;
    const request = { method: 'POST', path, headers: { 'content-type': type }, body } as const;
    const answering = transport.request(request, signal).catch((error: unknown) => {
      if (error instanceof TriplicateError && error.code === 'cancelled') throw error;
      throw new TriplicateError('rclone/failed', 'rclone ended while it worked.', { cause: error });
    });
    answering.catch(() => undefined);
    await checked;
    const answer = await answering;
    const text = Buffer.from(answer.body).toString();
    if (answer.status === 200) return { ok: true, value: asRecord(text) };
    const said = asRecord(text).error;
    return { ok: false, failure: { status: answer.status, text: typeof said === 'string' ? said : text } };
  }

  #start(): Promise<Running> {
    if (this.#running !== undefined) return this.#running;
    const forget = () => {
      if (this.#running === running) this.#running = undefined;
    };
    const running = this.#launch(forget);
    running.catch(forget);
    this.#running = running;
    return running;
  }

  /** `forget` is called once the process has ended, whoever ended it. */
  async #launch(forget: () => void): Promise<Running> {
    const user = randomBytes(12).toString('hex');
    const password = randomBytes(24).toString('hex');
    const {
      process: child,
      ended: exit,
      kill,
    } = startChild(
      this.#binary,
      ['rcd', '--rc-addr', '127.0.0.1:0', '--use-json-log', ...PATIENCE, ...QUESTION_TIMEOUT, UNATTENDED],
      {
        env: { ...this.#environment, RCLONE_RC_USER: user, RCLONE_RC_PASS: password },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#kill = kill;
    const ended = exit.then(async () => {
      forget();
      if (child.pid !== undefined) await forgetControl(child.pid);
    });
    // Meanwhile: rclone takes some time to start.
    const [port] = await Promise.all([portOf(child.stderr, ended), endStaleControls()]);
    const pid = child.pid;
    if (port === undefined || pid === undefined) {
      kill();
      throw new TriplicateError('rclone/not-installed', `rclone (${this.#binary}) cannot be started.`);
    }
    const address = new URL(`http://${user}:${password}@127.0.0.1:${port}/`);
    const transport = createHttpTransport(address);
    const remembered = rememberControl({ pid, owner: process.pid, address: address.href });
    const checked = Promise.all([versionOf(transport), assertConfigIsRead(transport), remembered]).then(
      ([version]) => {
        // An rclone that only waits must not keep our process alive; it ends with us.
        child.unref();
        return version;
      },
      async (error: unknown) => {
        forget();
        // Its record goes when it ends, and must not come after that.
        await remembered.catch(() => undefined);
        // Both questions may break when it ends; only how it ended tells that it could not read its configuration.
        if (hasCode(error, 'store/unreachable')) await Promise.race([exit, wait(LAST_WORDS_MS)]);
        const gaveUp = child.exitCode === GAVE_UP;
        kill();
        throw gaveUp ? configUnreadable() : error;
      },
    );
    checked.catch(() => undefined);
    return { transport, pid, checked, kill, ended };
  }
}

/** The port from the one line in which rclone says where it listens; undefined when it ends without saying so. */
async function portOf(log: Readable | null, ended: Promise<unknown>): Promise<number | undefined> {
  if (log === null) return undefined;
  const listening = new Promise<number>((resolve) => {
    let text = '';
    const look = (chunk: Buffer | string) => {
      text += chunk.toString();
      const port = /remote control on \[?http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      log.removeListener('data', look);
      // Keeps the pipe empty: rclone would block on a full one. Its lines are not evaluated.
      log.resume();
      if ('unref' in log && typeof log.unref === 'function') log.unref();
      resolve(Number(port));
    };
    log.on('data', look);
  });
  return Promise.race([listening, ended.then(() => undefined)]);
}

function configUnreadable(): TriplicateError {
  return new TriplicateError('rclone/config-unreadable', 'rclone cannot read its own configuration.');
}

/** rclone reads its configuration with the first call that needs it, and ends when it cannot. @throws when it does not answer */
async function assertConfigIsRead(transport: HttpTransport): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST', path: '/config/listremotes', headers, body: Buffer.from('{}') } as const;
  if ((await transport.request(request)).status !== 200) throw configUnreadable();
}

async function versionOf(transport: HttpTransport): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await transport.request({ method: 'POST', path: '/core/version', headers, body: Buffer.from('{}') });
  const { version, decomposed } = asRecord(Buffer.from(answer.body).toString());
  const [major = 0, minor = 0] = Array.isArray(decomposed) ? decomposed.map(Number) : [];
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new TriplicateError('rclone/not-installed', `rclone ${String(version)} is too old.`);
  }
  return String(version);
}

function asRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Not JSON: an answer without fields.
  }
  return {};
}
