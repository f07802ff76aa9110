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
  /** Every chunk waits; with a rate, in proportion to its size. */
  | { readonly kind: 'slow'; readonly delayMs?: number; readonly bytesPerSecond?: number };

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
    client.pipe(passage(now, 'up', cut)).pipe(target);
    target.pipe(passage(now, 'down', cut)).pipe(client);
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

function passage(weather: Weather, direction: 'up' | 'down', cut: () => void): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (weather.kind === 'cut' && weather.direction === direction && passed > weather.afterBytes) return cut();
      if (weather.kind !== 'slow') return done(null, chunk);
      const perByte = weather.bytesPerSecond === undefined ? 0 : (1000 * chunk.length) / weather.bytesPerSecond;
      void wait((weather.delayMs ?? 0) + perByte).then(() => done(null, chunk));
      return undefined;
    },
  });
}
