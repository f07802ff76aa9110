import { app, BrowserWindow, nativeTheme, type WebContents } from 'electron';
import { APP_ADDRESS } from '../api/channels.ts';
import { shippedPath } from './paths.ts';

export interface MainWindow {
  /** Opens the window, or brings it to the front. */
  show(): void;
  /** The pages that may use the contract: at most one. */
  contents(): readonly WebContents[];
  /** The window itself, for dialogs that belong to it. */
  current(): BrowserWindow | undefined;
}

/** The one window. `closing` says what its close button means: hide it (the tray brings it back), or quit. */
export function createMainWindow(closing: () => 'hide' | 'quit'): MainWindow {
  let window: BrowserWindow | undefined;
  let quitting = false;
  app.on('before-quit', () => {
    quitting = true;
  });

  const open = (): BrowserWindow => {
    const opened = new BrowserWindow({
      width: 1120,
      height: 760,
      minWidth: 900,
      minHeight: 600,
      show: false,
      title: 'Triplicate',
      icon: shippedPath('assets', 'icon.png'),
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#1a1b1e' : '#ffffff',
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
      if (quitting) return;
      event.preventDefault();
      if (closing() === 'hide') opened.hide();
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
    current: () => window,
  };
}

/** A later quit that was refused (a run goes on) makes the window hide again instead of closing. */
