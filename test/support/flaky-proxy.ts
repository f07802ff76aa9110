import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

/** How the network behaves from now on; connections that exist keep what they began with, except for `down`. */
export type Weather =
  | { readonly kind: 'clear' }
  /** Breaks what exists and accepts nothing: every connection is reset at once. */
  | { readonly kind: 'down' }
  /** Accepts connections and never answers. */
  | { readonly kind: 'silent' }
  /** Resets a connection after so many bytes in the given direction. */
  | { readonly kind: 'cut'; readonly direction: 'up' | 'down'; readonly afterBytes: number }
  /** A thin line: all connections together get so many bytes through in each direction. */
  | { readonly kind: 'thin'; readonly bytesPerSecond: number };

export interface FlakyProxy {
  readonly port: number;
  set(weather: Weather): void;
  /** Connections accepted so far. */
  connections(): number;
  /** Connections broken on purpose so far: a test of breaking ones must see it grow. */
  broken(): number;
  close(): Promise<void>;
}

/** A TCP proxy on loopback in front of another port of this machine. */
export async function startFlakyProxy(targetPort: number): Promise<FlakyProxy> {
  const open = new Set<Socket>();
  let weather: Weather = { kind: 'clear' };
  let accepted = 0;
  let broken = 0;
  const up = new ThinLine();
  const down = new ThinLine();
  const reset = (socket: Socket) => {
    broken += 1;
    socket.resetAndDestroy();
  };
  const server = createServer((client) => {
    accepted += 1;
    const now = weather;
    track(client, open);
    if (now.kind === 'down') return reset(client);
    if (now.kind === 'silent') return void client.resume();
    const target = connect(targetPort, '127.0.0.1');
    track(target, open);
    const cut = () => {
      reset(client);
      target.destroy();
    };
    client.pipe(passage(now, 'up', cut, up)).pipe(target);
    target.pipe(passage(now, 'down', cut, down)).pipe(client);
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    set(next) {
      weather = next;
      if (next.kind === 'down') for (const socket of open) reset(socket);
    },
    connections: () => accepted,
    broken: () => broken,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function track(socket: Socket, open: Set<Socket>): void {
  open.add(socket);
  socket.on('error', () => undefined);
  socket.once('close', () => open.delete(socket));
}

/** Parts of all connections take turns on it, so that none of them stands still. */
class ThinLine {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when the bytes are through. */
  async pass(bytes: Buffer, bytesPerSecond: number, give: (part: Buffer) => void): Promise<void> {
    for (let from = 0; from < bytes.length; from += PART_BYTES) {
      const part = bytes.subarray(from, from + PART_BYTES);
      this.#last = this.#last.then(() => wait((1000 * part.length) / bytesPerSecond));
      await this.#last;
      give(part);
    }
  }
}

const PART_BYTES = 4096;

function passage(weather: Weather, direction: 'up' | 'down', cut: () => void, line: ThinLine): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (weather.kind === 'cut' && weather.direction === direction && passed > weather.afterBytes) return cut();
      if (weather.kind !== 'thin') return done(null, chunk);
      void line.pass(chunk, weather.bytesPerSecond, (part) => this.push(part)).then(() => done());
      return undefined;
    },
  });
}
