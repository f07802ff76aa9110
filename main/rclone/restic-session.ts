import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { TriplicateError } from '../engine/errors.ts';
import {
  brokenConnection,
  collectBody,
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
} from '../engine/store/http-transport.ts';
import type { Environment } from './environment.ts';
import { hearLastWords, refusalIn } from './last-words.ts';
import { type PlaceInArguments, placeInArguments } from './place-in-arguments.ts';
import { PATIENCE, UNATTENDED } from './remote-control.ts';
import { startServing } from './serving-process.ts';

export interface ResticSessionOptions {
  readonly binary: string;
  readonly environment: Environment;
  /** rclone's name of the place: `remote:path`, a connection string, or a path. */
  readonly remote: string;
  /** Milliseconds without a byte after which a request counts as stuck; see `STALLED_MS`. */
  readonly stalledMs?: number;
}

interface Session {
  readonly http: ClientHttp2Session;
  readonly pid: number | undefined;
  /** Requests under way. An idle rclone must not keep our process alive when a caller forgot to close the store. */
  use(change: -1 | 0 | 1): void;
  /** It has answered a request: what ends it from then on is not what it read at its start. */
  isServing: boolean;
  /** Why it does not serve this place at all, once it has ended by itself and said so. */
  refusal(): Promise<TriplicateError | undefined>;
  end(): void;
  readonly ended: Promise<unknown>;
}

/** Room for a few packs under way; Node's default of 64 KiB makes every read wait for the other side. */
const WINDOW = 16 << 20;

/**
 * A request of which no byte has moved for this long is stuck: rclone 1.60 was seen to hang in the middle of an object at
 * an SFTP server. Uploads are not buffered inside rclone (see the flags), so that a slow remote still shows movement; but
 * the system buffers some megabytes for each, and over a thin line these take minutes.
 */
const STALLED_MS = { download: 45_000, upload: 120_000 } as const;
/** What the system still has to send of an upload that rclone has taken whole. */
const LAST_PART_MS = 300_000;
/** rclone's own judgement of silent connections, its default: with 30 s, 3 MB over 50 kB/s never arrived. */
const TRANSFER_TIMEOUT = ['--timeout', '5m'] as const;
const PING_MS = 5_000;
/** So many processes one after the other must refuse: rclone's configuration is away for a moment while rclone rewrites it. */
const REFUSALS = 2;

/** With Node's default of 10 MB, four uploads of 16 MiB end in ENHANCE_YOUR_CALM. */
const SESSION_MEMORY_MB = 1024;

/**
 * `rclone serve restic --stdio`: HTTP/2 over the pipes of one long-lived process. No port, no password, and it ends with
 * us. It starts with the first request, and again with the next one after a crash.
 */
export class ResticSession implements HttpTransport {
  readonly #options: ResticSessionOptions;
  readonly #place: PlaceInArguments;
  #session: Session | undefined;
  /** How many processes one after the other ended because of rclone's configuration. */
  #refusals = 0;

  /** @throws `store/bad-location` for a place that cannot be named safely */
  constructor(options: ResticSessionOptions) {
    this.#options = options;
    this.#place = placeInArguments(options.remote);
  }

  /** The process that serves now, for tests that kill it. */
  get pid(): number | undefined {
    return this.#session?.pid;
  }

  /** Starts the process ahead of the first request. */
  begin(): void {
    this.#start().use(0);
  }

  async request(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> {
    if (signal?.aborted) throw new TriplicateError('cancelled', 'Cancelled.');
    const session = this.#start();
    const { http, use } = session;
    use(1);
    let stream: ClientHttp2Stream | undefined;
    const abort = () => stream?.close(constants.NGHTTP2_CANCEL);
    try {
      stream = http.request({
        ':method': request.method,
        ':path': request.path,
        ...request.headers,
        ...(request.body === undefined ? {} : { 'content-length': String(request.body.length) }),
      });
      signal?.addEventListener('abort', abort, { once: true });
      this.#lookAfter(session, stream, request.body === undefined ? 'download' : 'upload');
      const answer = await exchange(stream, request);
      session.isServing = true;
      this.#refusals = 0;
      return answer;
    } catch (error) {
      const broken = brokenConnection(this.#place.shown, error, signal);
      if (session.isServing || broken.code !== 'store/unreachable') throw broken;
      const refusal = await session.refusal();
      throw refusal !== undefined && this.#refusals >= REFUSALS ? refusal : broken;
    } finally {
      signal?.removeEventListener('abort', abort);
      use(-1);
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    session.end();
    await session.ended;
  }

  /** Judges the request when it has been silent. */
  #lookAfter(session: Session, stream: ClientHttp2Stream, kind: 'download' | 'upload'): void {
    stream.setTimeout(this.#options.stalledMs ?? STALLED_MS[kind], async () => {
      const mayBeSending = kind === 'upload' && stream.writableFinished && (await answers(session.http));
      if (!mayBeSending) return this.#stalled(session, stream);
      stream.setTimeout(LAST_PART_MS, () => this.#stalled(session, stream));
    });
  }

  /** Ends the process that is stuck, and with it all that waits there; every call is tried again in a new one. */
  #stalled(session: Session, stream: ClientHttp2Stream | undefined): void {
    if (this.#session === session) this.#session = undefined;
    stream?.destroy(new TriplicateError('rclone/failed', 'rclone stopped in the middle of a transfer.'));
    session.end();
  }

  #start(): Session {
    if (this.#session !== undefined) return this.#session;
    const { binary } = this.#options;
    const { argument, variables } = this.#place;
    const environment = { ...this.#options.environment, ...variables };
    const flags = ['--stdio', '--use-json-log', '--buffer-size', '0', ...PATIENCE, ...TRANSFER_TIMEOUT, UNATTENDED];
    const args = ['serve', 'restic', ...flags, '--', argument];
    const { pid, socket, ...child } = startServing(binary, args, environment);
    const lastWords = hearLastWords(child.log);
    const http = connect('http://localhost', {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY_MB,
      settings: { initialWindowSize: WINDOW, enablePush: false },
    });
    const forget = () => {
      if (this.#session?.http === http) this.#session = undefined;
    };
    http.once('connect', () => http.setLocalWindowSize(4 * WINDOW));
    http.on('error', forget);
    http.once('close', forget);
    http.once('goaway', forget);
    socket.on('error', forget);
    const ended = child.ended.then((result) => {
      forget();
      socket.destroy();
      return result;
    });
    let requests = 0;
    const handles = child.handles.filter(holdsProcess);
    let refusal: Promise<TriplicateError | undefined> | undefined;
    const session: Session = {
      http,
      pid,
      isServing: false,
      // Once for all requests that were under way: they speak of one process.
      refusal: () => {
        refusal ??= lastWords().then((text) => {
          const error = refusalIn(text, this.#place.shown);
          this.#refusals = error === undefined ? 0 : this.#refusals + 1;
          return error;
        });
        return refusal;
      },
      use(change) {
        requests += change;
        for (const handle of handles) {
          if (requests > 0) handle.ref();
          else handle.unref();
        }
      },
      // The session closes with its socket. Closing it first would write to an rclone that may be gone.
      end: () => {
        socket.destroy();
        child.kill();
      },
      ended,
    };
    this.#session = session;
    return session;
  }
}

/** Whether the process at the other end still does anything at all. */
function answers(http: ClientHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PING_MS);
    const settle = (isThere: boolean): void => {
      clearTimeout(timer);
      resolve(isThere);
    };
    if (http.destroyed || !http.ping((error) => settle(error === null))) settle(false);
  });
}

/** Pipes of a child process are sockets, which the types of streams do not say. */
function holdsProcess<T extends object>(handle: T): handle is T & { ref(): void; unref(): void } {
  return 'ref' in handle && 'unref' in handle;
}

/** Sends the request and gathers the whole answer. Reading begins in the event itself: a short body is gone after it. */
function exchange(stream: ClientHttp2Stream, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers) => {
      const status = Number(headers[':status']);
      const announced = headers['content-length'];
      const length = announced === undefined ? undefined : Number(announced);
      const body = collectBody(stream, request.method === 'HEAD' ? 0 : length);
      resolve(body.then((bytes) => ({ status, body: bytes, length })));
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('rclone ended before it answered')));
    stream.end(request.body);
  });
}
