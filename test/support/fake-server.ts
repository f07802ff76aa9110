import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { createFakeApp, type FakeApp, type FakeOptions } from './fake-app.ts';
import type { Scenario } from './fake-world.ts';

/** The built screen and a made-up app behind one loopback address, in the form of the browser host. */
export interface FakeServer {
  readonly address: string;
  readonly app: FakeApp;
  close(): Promise<void>;
}

const SCREEN = fileURLToPath(new URL('../../out/renderer', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** As strict as the real hosts; Mantine puts its variables into a style element. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

export async function serveFake(options: FakeOptions & { readonly port?: number }): Promise<FakeServer> {
  const app = createFakeApp(options);
  const server = createServer((request, response) => {
    void answer(app, request).then(({ status, type, body }) => {
      response.writeHead(status, {
        'content-type': type,
        'content-security-policy': POLICY,
        'cache-control': 'no-store',
      });
      response.end(body);
    });
  });
  const sockets = new WebSocketServer({ server, path: '/events' });
  sockets.on('connection', (socket) => {
    const send = (event: string, payload: unknown) => socket.send(JSON.stringify({ event, payload }));
    const stop = app.on(send);
    const alive = setInterval(() => send('alive', {}), 15_000);
    socket.on('close', () => {
      stop();
      clearInterval(alive);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    app,
    address: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        app.close();
        for (const socket of sockets.clients) socket.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  app: FakeApp,
  request: IncomingMessage,
): Promise<{ status: number; type: string; body: string | Buffer }> {
  const path = new URL(request.url ?? '/', 'http://loopback').pathname;
  if (request.method === 'POST') {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const input: unknown = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    const envelope = path === '/session' ? { ok: true, value: {} } : await app.call(path.replace('/api/', ''), input);
    return { status: 200, type: 'application/json', body: JSON.stringify(envelope) };
  }
  const file = normalize(path === '/' ? '/index.html' : path);
  try {
    return {
      status: 200,
      type: TYPES[extname(file)] ?? 'application/octet-stream',
      body: await readFile(join(SCREEN, file)),
    };
  } catch {
    return { status: 404, type: 'text/plain', body: 'not found' };
  }
}

// `node test/support/fake-server.ts [SCENARIO] [PORT]`: for a look by hand, or behind `vite`.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const scenario = (process.argv[2] ?? 'good') as Scenario;
  const { address } = await serveFake({ scenario, port: Number(process.argv[3] ?? 7431) });
  console.log(address);
}
