import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What a request meets on its way; `pass` is the usual case. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Answered without asking the server. */
  | { readonly kind: 'status'; readonly status: number }
  /** A page of the proxy's own instead of what was asked for, which passes for a good answer. */
  | { readonly kind: 'page' }
  | { readonly kind: 'reset' }
  /** Half of an upload reaches the server, and the answer says that all is well. */
  | { readonly kind: 'half' }
  /** A list comes back with every second entry, or none, missing. */
  | { readonly kind: 'list'; readonly left: 'none' | 'half' }
  /** One bit of what is given is another: in the middle, or in this byte of it, counted round and round. */
  | { readonly kind: 'flip'; readonly at?: number }
  /** An answer without a body does not say how long that would be, as from a proxy that compresses. */
  | { readonly kind: 'no-length' }
  /** A WebDAV folder is shown without what has this name. */
  | { readonly kind: 'hide'; readonly name: string };

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Which request it is since the fault was set, from 0. */
  readonly n: number;
}

export interface FaultyServer {
  readonly port: number;
  /** From now on each request is asked for its fault. */
  set(faultOf: (asked: Asked) => Fault): void;
  /** Requests that met a fault since it was set. */
  met(): number;
  /** `METHOD path` of all requests that reached the server since the fault was set. */
  passed(): readonly string[];
  close(): Promise<void>;
}

/** An HTTP proxy on loopback before another port of this machine, which fails as servers do. */
export async function startFaultyServer(targetPort: number): Promise<FaultyServer> {
  let faultOf: (asked: Asked) => Fault = () => ({ kind: 'pass' });
  let n = 0;
  let met = 0;
  let passed: string[] = [];
  const handle = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = asked;
    const fault = faultOf({ method, path, n: n++ });
    if (fault.kind !== 'pass') met++;
    if (fault.kind === 'reset') return void asked.socket.resetAndDestroy();
    const body = await whole(asked);
    if (fault.kind === 'status') return void answer.writeHead(fault.status).end();
    if (fault.kind === 'page') return void answer.writeHead(200, { 'content-length': String(PAGE.length) }).end(PAGE);
    passed.push(`${method} ${path}`);
    const sent = fault.kind === 'half' ? body.subarray(0, body.length >> 1) : body;
    const headers = { ...asked.headers, 'content-length': String(sent.length) };
    const onward = request({ host: '127.0.0.1', port: targetPort, method, path, headers });
    onward.end(sent);
    const [reply] = (await once(onward, 'response')) as [IncomingMessage];
    const content = await whole(reply);
    const shown = spoiled(content, fault);
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = reply.headers;
    const announced = fault.kind === 'no-length' ? undefined : reply.headers['content-length'];
    const length = method === 'HEAD' ? announced : String(shown.length);
    answer.writeHead(reply.statusCode ?? 500, {
      ...others,
      ...(length === undefined ? {} : { 'content-length': length }),
    });
    answer.end(shown);
  };
  const server = createServer((asked, answer) => {
    handle(asked, answer).catch(() => asked.socket.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    set(next) {
      faultOf = next;
      n = 0;
      met = 0;
      passed = [];
    },
    met: () => met,
    passed: () => passed,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const PAGE = '<html><body>This site is being looked after and will be back soon.</body></html>';

async function whole(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function spoiled(content: Buffer, fault: Fault): Buffer {
  if (fault.kind === 'flip') {
    const struck = (fault.at ?? content.length >> 1) % content.length;
    return Buffer.from(content.map((byte, position) => (position === struck ? byte ^ 1 : byte)));
  }
  if (fault.kind === 'list') return shortened(content, fault.left);
  return fault.kind === 'hide' ? without(content, fault.name) : content;
}

/** Takes the one response out of a multistatus that is about the name. */
function without(content: Buffer, name: string): Buffer {
  const parts = content.toString().split(/(?=<D:response[ >])/);
  const kept = parts.filter((part) => !part.startsWith('<D:response') || !part.includes(`/${name}<`));
  const end = parts.at(-1)?.split('</D:response>').at(-1) ?? '';
  return Buffer.from(kept.at(-1)?.endsWith(end) ? kept.join('') : kept.join('') + end);
}

function shortened(content: Buffer, left: 'none' | 'half'): Buffer {
  const list = JSON.parse(content.toString() || '[]') as unknown[];
  return Buffer.from(JSON.stringify(left === 'none' ? [] : list.filter((_, position) => position % 2 === 0)));
}
