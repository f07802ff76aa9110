import { app, BrowserWindow, nativeTheme, type WebContents } from 'electron';
import { APP_ADDRESS } from '../api/channels.ts';
import { shippedPath } from './paths.ts';

export interface MainWindow {
  /** Opens the window, or brings it to the front. */
  show(): void;
  /** The pages that may use the contract: at most one. */
  contents(): readonly WebContents[];
  /** Decides what the close button means, each time it is used; until this is called it quits. */
  onClose(decide: () => Closing): void;
  /** The window itself, for dialogs that belong to it. */
  current(): BrowserWindow | undefined;
}

/** What the window's close button means: hide it (the tray brings it back), end the app, or really close at the end. */
export type Closing = 'hide' | 'quit' | 'close';

export function createMainWindow(): MainWindow {
  let closing = (): Closing => 'quit';
  let window: BrowserWindow | undefined;

  const open = (): BrowserWindow => {
    const opened = new BrowserWindow({
      width: 1120,
      height: 760,
      minWidth: 900,
      minHeight: 600,
      show: false,
      title: 'Triplicate',
      icon: shippedPath('assets', 'icon.png'),
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#121716' : '#f5f3ee',
      webPreferences: {
        preload: shippedPath('out', 'preload', 'index.cjs'),
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        devTools: !app.isPackaged,
      },
    });
    opened.once('ready-to-show', () => opened.show());
    opened.on('close', (event) => {
      const meaning = closing();
      if (meaning === 'close') return;
      event.preventDefault();
      if (meaning === 'hide') opened.hide();
      else app.quit();
    });
    opened.on('closed', () => {
      window = undefined;
    });
    void opened.loadURL(APP_ADDRESS);
    return opened;
  };

  return {
    show: () => {
      if (window === undefined) {
        window = open();
        return;
      }
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    contents: () => (window === undefined ? [] : [window.webContents]),
    onClose: (decide) => {
      closing = decide;
    },
    current: () => window,
  };
}
