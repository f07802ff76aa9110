import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../chromium.ts';
import { type Command, type DoubleSettings, type Report, SETTINGS_VARIABLE } from './control.ts';

/** An Electron main process on the double, with the browser that its windows open in. */
export interface ElectronDouble {
  /** The first window's page, once it has loaded the interface. */
  page(): Promise<Page>;
  readonly context: BrowserContext;
  command(command: Command): void;
  /** Waits for a report that fits, among past and future ones. */
  report<Kind extends Report['kind']>(
    kind: Kind,
    fits?: (report: Extract<Report, { kind: Kind }>) => boolean,
  ): Promise<Extract<Report, { kind: Kind }>>;
  /** Resolves with the exit code when the main process has ended by itself. */
  readonly exited: Promise<number | null>;
  output(): string;
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** The main process's entry file: the bundle in `out/main`, or a TypeScript source. */
  readonly main: string;
  readonly appPath: string;
  /** A folder of this launch alone, for the browser's and the app's state. */
  readonly stateFolder: string;
  readonly encryption?: DoubleSettings['encryption'];
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Starts the main process on the double. */
export async function launchElectronDouble(options: LaunchOptions): Promise<ElectronDouble> {
  const port = await freePort();
  const context = await chromium.launchPersistentContext(join(options.stateFolder, 'browser'), {
    executablePath: chromiumPath(),
    args: [...chromiumArguments, `--remote-debugging-port=${port}`],
    viewport: { width: 1120, height: 760 },
  });
  const settings: DoubleSettings = {
    browser: `http://127.0.0.1:${port}`,
    appPath: options.appPath,
    userData: join(options.stateFolder, 'user-data'),
    encryption: options.encryption ?? 'system',
  };
  const child = fork(options.main, [...(options.args ?? [])], {
    execArgv: ['--import', new URL('./register.ts', import.meta.url).href],
    env: { ...process.env, ...options.env, [SETTINGS_VARIABLE]: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return connect(child, context);
}

function connect(child: ChildProcess, context: BrowserContext): ElectronDouble {
  const reports: Report[] = [];
  const waiting = new Set<() => void>();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  child.on('message', (message: Report) => {
    reports.push(message);
    for (const look of waiting) look();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

  return {
    context,
    exited,
    output: () => output,
    command: (command) => void child.send(command),
    page: async () => {
      await expectWindow(context, child, () => output);
      const page = context.pages().find((candidate) => candidate.url().startsWith('https://'));
      if (!page) throw new Error(`no window opened: ${output}`);
      await page.waitForLoadState();
      return page;
    },
    report: <Kind extends Report['kind']>(
      kind: Kind,
      fits: (report: Extract<Report, { kind: Kind }>) => boolean = () => true,
    ) =>
      new Promise<Extract<Report, { kind: Kind }>>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no report "${kind}": ${JSON.stringify(reports)}\n${output}`));
        }, 15_000);
        const look = (): void => {
          const found = reports.find(
            (report): report is Extract<Report, { kind: Kind }> =>
              report.kind === kind && fits(report as Extract<Report, { kind: Kind }>),
          );
          if (!found) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      if (child.exitCode === null) child.kill('SIGKILL');
      await exited;
      await context.close();
    },
  };
}

async function expectWindow(context: BrowserContext, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!context.pages().some((page) => page.url().startsWith('https://'))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`no window opened: ${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
