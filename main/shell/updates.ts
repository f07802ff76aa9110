import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { app } from 'electron';
import { isFeed } from './update-feed.ts';

const DAY = 24 * 60 * 60 * 1000;

/**
 * Looks for updates once a day in a package that was released with the address of a feed, and installs one when the app
 * quits, never under a running backup: quitting waits for that (`quit.ts`). A package that somebody built without such an
 * address asks nobody. A failed look is no news for anybody; the next one comes tomorrow.
 */
export async function followUpdates(onReady: (version: string) => void): Promise<void> {
  if (!app.isPackaged) return;
  // electron-builder writes `publish` of its configuration there.
  const feed = await readFile(join(process.resourcesPath, 'app-update.yml'), 'utf8').catch(() => '');
  if (!isFeed(feed)) return;
  const { default: updater } = await import('electron-updater');
  updater.autoUpdater.autoDownload = true;
  updater.autoUpdater.autoInstallOnAppQuit = true;
  updater.autoUpdater.on('update-downloaded', ({ version }) => onReady(version));
  const look = (): void => void updater.autoUpdater.checkForUpdates().catch(() => undefined);
  look();
  setInterval(look, DAY).unref();
}
