/**
 * The browser host: the same app without Electron, served on loopback. `serve` of the command line and `npm start` end
 * here. Prints the address with its one-time token; SIGINT and SIGTERM stop what runs cleanly.
 */
import { fileURLToPath } from 'node:url';
import { createApi } from './api/dispatch.ts';
import { serveHttp } from './api/http-transport.ts';
import { type App, createApp } from './app/compose.ts';
import { stateFolder } from './app/home-folder.ts';
import { nodePorts } from './app/node-ports.ts';
import { openInBrowser } from './app/open-in-browser.ts';
import { claimStateFolder } from './app/single-instance.ts';

export interface ServeOptions {
  readonly home?: string | undefined;
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Whether to open the address in the person's browser. */
  readonly browser: 'open' | 'leave';
  readonly print?: (line: string) => void;
}

export interface Serving {
  /** With a one-time token. */
  readonly address: string;
  /** Resolves when the app has ended. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const INTERFACE = fileURLToPath(new URL('../out/renderer', import.meta.url));

/** Starts the app and serves it. @throws `app/already-running` and what `createApp` throws */
export async function serve(options: ServeOptions): Promise<Serving> {
  const home = stateFolder(options.home);
  const claim = await claimStateFolder(home);
  let app: App | undefined;
  try {
    const started = await createApp(nodePorts(home), { home });
    app = started;
    const http = await serveHttp(createApi(started), {
      interfaceFolder: INTERFACE,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.port === undefined ? {} : { port: options.port }),
    });
    await claim.publish(http.address, http.controlToken);
    const address = http.ticketAddress();
    const ended = Promise.withResolvers<void>();
    let closing: Promise<void> | undefined;
    let removePage = async (): Promise<void> => undefined;
    const close = (): Promise<void> => {
      closing ??= (async () => {
        await started.close();
        await http.close();
        await removePage();
        await claim.release();
        ended.resolve();
      })();
      return closing;
    };
    options.print?.(`Triplicate is ready: ${address}`);
    if (options.browser === 'open' && hasDesktop())
      removePage = await openInBrowser(address, home).catch(() => removePage);
    return { address, ended: ended.promise, close };
  } catch (error) {
    // It must not go on unseen, without the claim.
    await app?.close();
    await claim.release();
    throw error;
  }
}

/** Serves until a signal ends it. Gives the exit code. */
export async function serveUntilSignal(options: ServeOptions): Promise<number> {
  const serving = await serve(options);
  let stopping = false;
  // Listens on: Ctrl-C often arrives twice, from the terminal and from whoever started us, and the second must not cut off.
  const stop = (): void => {
    if (!stopping) options.print?.('Stopping; what is stored already stays.');
    stopping = true;
    void serving.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  await serving.ended;
  return 0;
}

/** Only where there is a desktop; the address is printed anyway. */
function hasDesktop(): boolean {
  const desktop = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  return Boolean(desktop) && process.stdout.isTTY;
}
