import { app } from 'electron';

const DAY = 24 * 60 * 60 * 1000;

/**
 * Looks for updates once a day in a packaged app and installs one when the app quits, never under a running backup:
 * quitting waits for that (`quit.ts`). A failed look is no news for anybody; the next one comes tomorrow.
 */
export async function followUpdates(onReady: (version: string) => void): Promise<void> {
  if (!app.isPackaged) return;
  const { default: updater } = await import('electron-updater');
  updater.autoUpdater.autoDownload = true;
  updater.autoUpdater.autoInstallOnAppQuit = true;
  updater.autoUpdater.on('update-downloaded', ({ version }) => onReady(version));
  const look = (): void => void updater.autoUpdater.checkForUpdates().catch(() => undefined);
  look();
  setInterval(look, DAY).unref();
}
