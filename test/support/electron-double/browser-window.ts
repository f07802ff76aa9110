import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { BrowserWindowConstructorOptions, IpcMainInvokeEvent, WebContents, WebFrameMain } from 'electron';
import { type Browser, chromium, type Frame, type Page } from 'playwright-core';
import { APP_PATTERN, fromBrowser, toBrowser } from './origin.ts';
import { pageSide } from './page-side.ts';
import { app, handlers, protocolHandlers, report, settings } from './state.ts';

const INVOKE = '__electron_double_invoke';
const RECEIVE = '__electron_double_receive';

let connecting: Promise<Browser> | undefined;
function browser(): Promise<Browser> {
  connecting ??= chromium.connectOverCDP(settings.browser);
  return connecting;
}

interface Call {
  readonly channel: string;
  readonly args: unknown[];
}
type PageRequest = Call | { readonly opens: string };

/** The page's side of a window: navigation, IPC, and what a page may not do. */
class DoubleContents extends EventEmitter {
  readonly #page: Promise<Page>;
  #address = '';
  #destroyed = false;
  #openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    this.#page = this.#open(options);
    app.emit('web-contents-created', {}, this);
  }

  async #open({ webPreferences = {} }: BrowserWindowConstructorOptions): Promise<Page> {
    const { preload, sandbox, contextIsolation, nodeIntegration } = webPreferences;
    // Switching one of these off must not go unnoticed, since the double cannot show what it would open.
    if (sandbox === false || contextIsolation === false || nodeIntegration) throw new Error('unsafe webPreferences');
    const context = (await browser()).contexts()[0];
    if (!context) throw new Error('the browser has no context');
    const page = await context.newPage();
    await page.route(APP_PATTERN, async (route) => {
      const request = route.request();
      const scheme = fromBrowser(request.url()).split(':')[0] ?? '';
      const response = await protocolHandlers.get(scheme)?.(new Request(fromBrowser(request.url())));
      if (!response) return route.abort();
      const body = Buffer.from(await response.arrayBuffer());
      return route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
    });
    await page.exposeBinding(INVOKE, ({ frame }, request: PageRequest) => {
      if ('opens' in request) return this.#openHandler({ url: request.opens }).action;
      return this.#invoke(frame, request);
    });
    if (preload) {
      const code = readFileSync(preload, 'utf8');
      await page.addInitScript(
        `(${pageSide.toString()})(${JSON.stringify(code)}, ${JSON.stringify(INVOKE)}, ${JSON.stringify(RECEIVE)})`,
      );
    }
    page.on('framenavigated', (frame) => this.#navigated(frame));
    return page;
  }

  async #invoke(frame: Frame, { channel, args }: Call): Promise<unknown> {
    const handler = handlers.get(channel);
    const failed = (error: unknown): unknown => ({
      ok: false,
      message: `Error invoking remote method '${channel}': ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
    });
    if (!handler) return failed(new Error(`No handler registered for '${channel}'`));
    const event = {
      type: 'frame',
      frameId: 1,
      processId: process.pid,
      sender: this as unknown as WebContents,
      senderFrame: frame.isDetached() ? null : asWebFrame(frame),
    } as IpcMainInvokeEvent;
    try {
      return { ok: true, value: structuredClone(await handler(event, ...structuredClone(args))) };
    } catch (error) {
      return failed(error);
    }
  }

  #navigated(frame: Frame): void {
    if (frame.parentFrame() === null) this.#address = fromBrowser(frame.url());
  }

  async load(address: string): Promise<void> {
    const page = await this.#page;
    await page.goto(toBrowser(address));
    this.emit('did-finish-load');
  }

  send(channel: string, ...args: unknown[]): void {
    const cloned = structuredClone(args); // throws in the main process, as Electron does
    void this.#page
      .then((page) =>
        page.evaluate(
          ([name, to, values]) => {
            const receive = (window as unknown as Record<string, (channel: unknown, args: unknown) => void>)[
              String(name)
            ];
            receive?.(to, values);
          },
          [RECEIVE, channel, cloned] as const,
        ),
      )
      .catch(() => undefined); // the page is loading or gone: Electron drops the message too
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.#openHandler = handler;
  }

  getURL(): string {
    return this.#address;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    await (await this.#page).close();
  }
}

function asWebFrame(frame: Frame): WebFrameMain {
  const parent = frame.parentFrame();
  return { url: fromBrowser(frame.url()), parent: parent && asWebFrame(parent) } as WebFrameMain;
}

/** The part of Electron's window that the shell uses. */
export class BrowserWindow extends EventEmitter {
  static readonly open = new Set<BrowserWindow>();
  readonly webContents: DoubleContents;
  #visible = false;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    this.webContents = new DoubleContents(options);
    BrowserWindow.open.add(this);
    if (options.show !== false) this.show();
  }

  async loadURL(address: string): Promise<void> {
    await this.webContents.load(address);
    this.emit('ready-to-show');
  }

  show(): void {
    this.#visible = true;
    report({ kind: 'window', state: 'shown' });
  }

  hide(): void {
    this.#visible = false;
    report({ kind: 'window', state: 'hidden' });
  }

  focus(): void {}
  restore(): void {}
  isMinimized(): boolean {
    return false;
  }
  isFocused(): boolean {
    return this.#visible;
  }

  /** The close button: the app may prevent it. Resolves true when the window is gone. */
  close(): boolean {
    let prevented = false;
    this.emit('close', { preventDefault: () => (prevented = true) });
    if (prevented) return false;
    BrowserWindow.open.delete(this);
    void this.webContents.destroy().catch(() => undefined);
    report({ kind: 'window', state: 'closed' });
    this.emit('closed');
    return true;
  }
}
