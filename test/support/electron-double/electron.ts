/** The `electron` module of the double: what the shell imports, and nothing more. */
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type Electron from 'electron';
import { BrowserWindow } from './browser-window.ts';
import type { Command } from './control.ts';
import * as state from './state.ts';
import { answers, commands, handlers, protocolHandlers, report, settings } from './state.ts';

export { BrowserWindow };

let quitting = false;

/** before-quit may be prevented; then the windows close, each may prevent it; then the process ends. */
function quit(): void {
  let prevented = false;
  state.app.emit('before-quit', { preventDefault: () => (prevented = true) });
  if (prevented) return;
  for (const window of [...BrowserWindow.open]) if (!window.close()) return;
  if (quitting) return;
  quitting = true;
  state.app.emit('will-quit', { preventDefault: () => undefined });
  state.app.emit('quit', {}, 0);
  setTimeout(() => process.exit(0), 50);
}

export const app = Object.assign(state.app, {
  name: 'Triplicate',
  isPackaged: false,
  getAppPath: () => settings.appPath,
  getPath: () => settings.userData,
  setPath: () => undefined,
  getVersion: () => '0.0.0-double',
  whenReady: () => Promise.resolve(),
  isReady: () => true,
  requestSingleInstanceLock: () => true,
  releaseSingleInstanceLock: () => undefined,
  setLoginItemSettings: () => undefined,
  setAppUserModelId: () => undefined,
  enableSandbox: () => undefined,
  quit,
  exit: (code = 0) => process.exit(code),
});

export const ipcMain = {
  handle: (channel: string, handler: state.Handler) => {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, handler);
  },
  removeHandler: (channel: string) => void handlers.delete(channel),
} satisfies Pick<Electron.IpcMain, 'handle' | 'removeHandler'>;

export const protocol = {
  registerSchemesAsPrivileged: () => undefined,
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => {
    protocolHandlers.set(scheme, (request) => handler(request));
  },
} satisfies Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'>;

export const session = {
  defaultSession: Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: () => undefined,
    setPermissionCheckHandler: () => undefined,
    setDevicePermissionHandler: () => undefined,
  }),
};

export const shell = {
  openExternal: async (url: string) => report({ kind: 'opened-outside', url }),
  showItemInFolder: () => undefined,
} satisfies Pick<Electron.Shell, 'openExternal' | 'showItemInFolder'>;

type Question = Electron.MessageBoxOptions;
export const dialog = {
  showOpenDialog: async () => {
    const path = answers.folders.shift() ?? null;
    return path === null ? { canceled: true, filePaths: [] } : { canceled: false, filePaths: [path] };
  },
  showMessageBox: async (first: unknown, second?: Question) => {
    const { message, detail = '', buttons = [], cancelId = 0 } = second ?? (first as Question);
    report({ kind: 'question', message, detail, buttons });
    while (answers.buttons.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { response: answers.buttons.shift() ?? cancelId, checkboxChecked: false };
  },
  showErrorBox: (title: string, content: string) => report({ kind: 'error-box', title, content }),
};

type Item = Electron.MenuItemConstructorOptions;
const menus: { application: Menu | null; tray: Menu | null } = { application: null, tray: null };

export class Menu {
  readonly items: readonly Item[];
  constructor(items: readonly Item[]) {
    this.items = items;
  }
  static buildFromTemplate(items: readonly Item[]): Menu {
    return new Menu(items);
  }
  static setApplicationMenu(menu: Menu | null): void {
    menus.application = menu;
  }
}

export class Tray extends EventEmitter {
  setImage(): void {}
  setToolTip(tooltip: string): void {
    report({ kind: 'tray', tooltip });
  }
  setContextMenu(menu: Menu | null): void {
    menus.tray = menu;
  }
  destroy(): void {
    menus.tray = null;
  }
}

const image = { isEmpty: () => false, resize: () => image };
export const nativeImage = { createFromPath: () => image, createEmpty: () => image };
export const nativeTheme = { shouldUseDarkColors: false };

export class Notification extends EventEmitter {
  static isSupported(): boolean {
    return true;
  }
  readonly #options: Electron.NotificationConstructorOptions;
  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.#options = options;
  }
  show(): void {
    report({ kind: 'notification', title: this.#options.title ?? '', body: this.#options.body ?? '' });
  }
}

const seal = (text: string): Buffer => Buffer.from(`double:${Buffer.from(text).toString('base64')}`);
export const safeStorage = {
  isAsyncEncryptionAvailable: async () => settings.encryption !== 'none',
  getSelectedStorageBackend: () => (settings.encryption === 'system' ? 'gnome_libsecret' : 'basic_text'),
  encryptStringAsync: async (text: string) => seal(text),
  decryptStringAsync: async (sealed: Buffer) => {
    const [, body] = /^double:(.*)$/.exec(sealed.toString()) ?? [];
    if (body === undefined) throw new Error('Error while decrypting the ciphertext provided to safeStorage.');
    return { shouldReEncrypt: false, result: Buffer.from(body, 'base64').toString() };
  },
} satisfies Partial<Electron.SafeStorage>;

export const powerMonitor = Object.assign(new EventEmitter(), { isOnBatteryPower: () => false });
export const powerSaveBlocker = {
  start: () => {
    report({ kind: 'awake', on: true });
    return 1;
  },
  stop: () => {
    report({ kind: 'awake', on: false });
    return true;
  },
} satisfies Partial<Electron.PowerSaveBlocker>;

class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;

  constructor(path: string, args: readonly string[], options: Electron.ForkOptions) {
    super();
    this.#child = fork(path, [...args], {
      execArgv: ['--import', new URL('./utility-side.ts', import.meta.url).href],
      serialization: 'advanced',
      env: { ...(options.env ?? process.env) } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.once('spawn', () => this.emit('spawn'));
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.once('exit', (code, signal) => this.emit('exit', code ?? (signal ? 1 : 0)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  postMessage(message: unknown): void {
    const cloned = structuredClone(message); // throws here, as Electron does
    if (this.#child.connected) this.#child.send(cloned as object, () => undefined);
  }

  kill(): boolean {
    return this.#child.kill();
  }
}

export const utilityProcess = {
  fork: (path: string, args: readonly string[] = [], options: Electron.ForkOptions = {}) =>
    new UtilityProcess(path, args, options),
};

commands.on('answer-folder', ({ path }: Extract<Command, { kind: 'answer-folder' }>) => answers.folders.push(path));
commands.on('answer-question', ({ button }: Extract<Command, { kind: 'answer-question' }>) =>
  answers.buttons.push(button),
);
commands.on('second-instance', () => app.emit('second-instance', {}, [], ''));
commands.on('resume', () => powerMonitor.emit('resume'));
commands.on('quit', quit);
commands.on('close-window', () => {
  for (const window of [...BrowserWindow.open]) window.close();
});
commands.on('click', ({ label }: Extract<Command, { kind: 'click' }>) => {
  const search = (items: readonly Item[]): Item | undefined =>
    items
      .flatMap((item) => [item, ...(Array.isArray(item.submenu) ? item.submenu : [])])
      .find((item) => item.label === label);
  const item = search(menus.tray?.items ?? []) ?? search(menus.application?.items ?? []);
  (item?.click as (() => void) | undefined)?.();
});
report({ kind: 'ready' });
