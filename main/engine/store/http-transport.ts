import type { IncomingMessage } from 'node:http';
import { TriplicateError } from '../errors.ts';

/** One request; `path` begins with `/` and is relative to the address of the transport. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A whole answer. `length` is the announced size (what a HEAD is asked for). */
export interface HttpResponse {
  readonly status: number;
  readonly body: Uint8Array;
  readonly length: number | undefined;
}

/**
 * Carries requests to one server. Every answer resolves, whatever its status; no answer, or one that breaks off, throws
 * `store/unreachable`; a fired signal throws `cancelled`.
 */
export interface HttpTransport {
  request(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** A connection that says nothing for so long is given up. */
const SILENCE_MS = { download: 120_000, upload: 300_000 } as const;

/** HTTP/1.1 with kept connections to `address`; user name and password in it become basic authentication. */
export function createHttpTransport(address: URL): HttpTransport {
  const secure = address.protocol === 'https:';
  // An import would load Node's fetch and its TLS as well, for 40 ms at each start.
  const { Agent, request: send } = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
  const agent = new Agent({ keepAlive: true });
  const prefix = address.pathname.replace(/\/+$/, '');
  const authorization = basicAuthorization(address);
  return {
    request({ method, path, headers, body }, signal) {
      return new Promise((resolve, reject) => {
        const options = {
          agent,
          method,
          host: address.hostname.replace(/^\[|\]$/g, ''),
          port: address.port === '' ? (secure ? 443 : 80) : Number(address.port),
          path: prefix + path,
          headers: { ...authorization, ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
          timeout: body === undefined ? SILENCE_MS.download : SILENCE_MS.upload,
          ...(signal === undefined ? {} : { signal }),
        };
        const fail = (error: unknown) => reject(brokenConnection(address.host, error, signal));
        const sent = send(options, (answer) => collect(answer, method).then(resolve, fail));
        sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
        sent.on('error', fail);
        sent.end(body);
      });
    },
    async close() {
      agent.destroy();
    },
  };
}

/** The error for a connection that could not be made or broke off; `cancelled` when we broke it ourselves. */
export function brokenConnection(place: string, error: unknown, signal?: AbortSignal): TriplicateError {
  if (signal?.aborted) return new TriplicateError('cancelled', 'Cancelled.');
  if (error instanceof TriplicateError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const reason = text.includes('NGHTTP2_') ? 'the transfer broke off' : text;
  return new TriplicateError('store/unreachable', `${place} does not answer: ${reason}.`, { cause: error });
}

function basicAuthorization(address: URL): Readonly<Record<string, string>> {
  if (address.username === '' && address.password === '') return {};
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function collect(answer: IncomingMessage, method: HttpRequest['method']): Promise<HttpResponse> {
  const announced = answer.headers['content-length'];
  const length = announced === undefined ? undefined : Number(announced);
  const body = await collectBody(answer, method === 'HEAD' ? 0 : length);
  return { status: answer.statusCode ?? 0, body, length };
}

/**
 * Gathers a body in one buffer of its own; one that ends before its announced length is a broken connection. By events
 * and not by iteration: a short HTTP/2 stream may close before an iterator has looked at it.
 */
export function collectBody(stream: NodeJS.ReadableStream, length: number | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const whole = length === undefined ? undefined : Buffer.allocUnsafeSlow(length);
    const parts: Buffer[] = [];
    let filled = 0;
    stream.on('data', (chunk: Buffer) => {
      if (whole === undefined) parts.push(chunk);
      else if (filled + chunk.length <= whole.length) chunk.copy(whole, filled);
      filled += chunk.length;
    });
    stream.once('end', () => {
      if (whole === undefined) resolve(Buffer.concat(parts));
      else if (filled === whole.length) resolve(whole);
      else reject(new Error(`the answer has ${filled} bytes instead of ${whole.length}`));
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the answer broke off')));
  });
}
