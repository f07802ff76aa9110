import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { TriplicateError } from '../engine/errors.ts';
import type { Envelope } from './contract/contract.ts';
import type { Api } from './dispatch.ts';
import { contractError } from './envelope.ts';
import { HttpAccess } from './http-access.ts';
import { readStatic, SECURITY_HEADERS } from './static-files.ts';

/** Calls are small; nothing of the contract comes near this. */
const MOST_BODY_BYTES = 1024 * 1024;
/** A screen that does not read its events is cut off rather than kept in memory. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;
/** A line that was cut without a word looks like one on which nothing happens: so there is a sign of life this often. */
const ALIVE_EVERY_MS = 15_000;

export interface HttpOptions {
  /** Loopback unless the person says otherwise. */
  readonly host?: string;
  readonly port?: number;
  /** The built interface; null serves calls only. */
  readonly interfaceFolder: string | null;
}

export interface HttpServing {
  readonly address: string;
  /** For programs of this user. */
  readonly controlToken: string;
  /** The address with a fresh one-time token. */
  ticketAddress(): string;
  close(): Promise<void>;
}

/**
 * The contract over HTTP and WebSocket: `POST /session` turns the one-time token into a cookie, `POST /api/METHOD` calls,
 * `/events` streams events, everything else is a file of the interface.
 */
export async function serveHttp(api: Api, options: HttpOptions): Promise<HttpServing> {
  const host = options.host ?? '127.0.0.1';
  const server = createServer();
  await listen(server, host, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const access = new HttpAccess(host, port);
  const address = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
  const ticketAddress = (): string => `${address}/#token=${access.issueTicket()}`;

  server.on('request', (request, response) => {
    void answer({ api, access, ticketAddress, interfaceFolder: options.interfaceFolder }, request, response).catch(
      () => {
        if (!response.headersSent) refuse(response, 500, 'The request failed.');
        else response.destroy();
      },
    );
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(request) !== '/events' || access.identify(request) === undefined) {
      // Whoever has hung up meanwhile, and that may be anybody, must not end the app with it.
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => stream(api, client));
  });
  return {
    address,
    controlToken: access.controlToken,
    ticketAddress,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Serving {
  readonly api: Api;
  readonly access: HttpAccess;
  readonly interfaceFolder: string | null;
  ticketAddress(): string;
}

async function answer(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { api, access, interfaceFolder } = serving;
  if (!access.isOurHost(request)) return refuse(response, 403, 'This address is not ours.');
  const path = pathOf(request);
  if (request.method === 'GET' || request.method === 'HEAD') return serveFile(interfaceFolder, path, request, response);
  if (request.method !== 'POST') return refuse(response, 405, 'Only GET and POST.');
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    return refuse(response, 415, 'Only application/json.');
  if (path === '/session') return openSession(access, request, response);
  const caller = access.identify(request);
  if (caller === undefined) return refuse(response, 401, 'Not signed in.');
  const input = await readJson(request);
  if (input === undefined) return refuse(response, 413, 'The body is not JSON, or too large.');
  if (path === '/ticket' && caller === 'control')
    return send(response, 200, { ok: true, value: { address: serving.ticketAddress() } });
  if (!path.startsWith('/api/')) return refuse(response, 404, 'Not found.');
  send(response, 200, await api.call(path.slice('/api/'.length), input.value));
}

async function openSession(access: HttpAccess, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!access.isOurOrigin(request)) return refuse(response, 403, 'Another page may not sign in.');
  const body = await readJson(request);
  const value = body?.value;
  const cookie = access.redeem(
    typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined,
  );
  if (cookie === undefined) return refuse(response, 401, 'This token is used or wrong.');
  response.setHeader('set-cookie', cookie);
  send(response, 200, { ok: true, value: {} });
}

async function serveFile(
  folder: string | null,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = folder === null ? undefined : await readStatic(folder, path);
  if (!file) return refuse(response, 404, 'Not found.');
  response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': file.type, 'content-length': file.bytes.length });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

function stream(api: Api, client: WebSocket): void {
  const send = (event: string, payload: unknown): void => {
    if (client.bufferedAmount > MOST_BUFFERED_BYTES) client.terminate();
    else client.send(JSON.stringify({ event, payload }));
  };
  const unsubscribe = api.subscribe(send);
  const alive = setInterval(() => send('alive', {}), ALIVE_EVERY_MS).unref();
  const stop = (): void => {
    unsubscribe();
    clearInterval(alive);
  };
  client.on('close', stop);
  client.on('error', stop);
}

/** The body as JSON; undefined when it is too large or not JSON. An empty body is an empty object. */
async function readJson(request: IncomingMessage): Promise<{ readonly value: unknown } | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > MOST_BODY_BYTES) return undefined;
    parts.push(part as Buffer);
  }
  try {
    return { value: length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8')) };
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  const error = contractError(
    new TriplicateError(status === 401 || status === 403 ? 'app/unauthorized' : 'usage', text),
  );
  response.setHeader('connection', 'close');
  send(response, status, { ok: false, error });
}

function send(response: ServerResponse, status: number, envelope: Envelope<unknown>): void {
  const body = Buffer.from(JSON.stringify(envelope));
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
  });
  response.end(body);
}

function pathOf(request: IncomingMessage): string {
  return URL.parse(request.url ?? '/', 'http://loopback')?.pathname ?? '/';
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const busy = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(
        busy
          ? new TriplicateError('usage', `Port ${port} cannot be used.`, {
              hint: 'Choose another with --port.',
              cause: error,
            })
          : error,
      );
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}
