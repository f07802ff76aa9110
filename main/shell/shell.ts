import { app, ipcMain } from 'electron';
import type { EventPayload } from '../api/contract/contract.ts';
import type { Api } from '../api/dispatch.ts';
import { connectWindows } from '../api/electron-transport.ts';
import { type Activity, afterEvent, NO_ACTIVITY, trayState } from './activity.ts';
import { askBeforeQuit } from './dialogs.ts';
import { HIDDEN_FLAG, setStartAtLogin } from './login-item.ts';
import { setMenu } from './menu.ts';
import { notify } from './notifications.ts';
import { shippedPath } from './paths.ts';
import { createSleepBlocker } from './power.ts';
import { serveInterface } from './protocol.ts';
import { quitCleanly } from './quit.ts';
import { secureContents } from './security.ts';
import { createTray, type TrayIcon } from './tray.ts';
import { followUpdates } from './updates.ts';
import type { MainWindow } from './window.ts';

type Settings = EventPayload<'settings.changed'>;

/** Joins window, tray, menu and system to the running app. `close` ends the app cleanly. */
export async function openShell(window: MainWindow, api: Api, close: () => Promise<void>): Promise<void> {
  secureContents();
  serveInterface(shippedPath('out', 'renderer'));
  const disconnect = connectWindows(ipcMain, window.contents, api);

  let activity: Activity = NO_ACTIVITY;
  let settings = await ask<Settings>(api, 'settings.get');
  const idle = new Set<() => void>();
  const keepAwake = createSleepBlocker();
  const backUpNow = (): void => void api.call('runs.backup', {});
  const tray = trayOrNone({ open: window.show, backUpNow, quit: () => app.quit() });

  const refresh = (): void => {
    tray?.show(trayState(activity));
    keepAwake(activity.running.length > 0 ? 'awake' : 'may-sleep');
    if (activity.running.length === 0) for (const resolve of idle) resolve();
  };

  api.subscribe((event, payload) => {
    if (event === 'settings.changed') settings = follow(settings, payload as Settings);
    if (event === 'notice') announce(payload as EventPayload<'notice'>, settings, window);
    const next = afterEvent(activity, event, payload);
    if (next !== activity) {
      activity = next;
      refresh();
    }
  });
  activity = { ...activity, folders: (await ask<Activity['folders']>(api, 'folders.list')) ?? [] };
  refresh();

  const quitting = quitCleanly({
    activity: () => activity,
    ask: (title) => askBeforeQuit(window.current(), title),
    whenIdle: () => new Promise((resolve) => (activity.running.length === 0 ? resolve() : idle.add(resolve))),
    close: async () => {
      disconnect();
      await close();
    },
  });
  window.onClose(() => {
    if (quitting.isQuitting()) return 'close';
    return settings?.closeToTray && tray ? 'hide' : 'quit';
  });
  app.on('window-all-closed', () => undefined); // the tray keeps the app; without one, closing the window quits it
  setMenu({ open: window.show, quit: () => app.quit() });
  void followUpdates((version) =>
    notify({ title: 'An update is ready', text: `${version} is installed when Triplicate quits.` }, window.show),
  );
  if (!process.argv.includes(HIDDEN_FLAG) || !tray) window.show();
}

/** The value of a call that the shell makes itself; undefined when the app refuses, which the screen then explains. */
async function ask<T>(api: Api, method: string): Promise<T | undefined> {
  const answer = await api.call(method, {});
  return answer.ok ? (answer.value as T) : undefined;
}

function trayOrNone(actions: Parameters<typeof createTray>[0]): TrayIcon | undefined {
  try {
    return createTray(actions);
  } catch {
    return undefined; // a desktop without a tray
  }
}

function follow(before: Settings | undefined, now: Settings): Settings {
  if (before?.startAtLogin !== now.startAtLogin) void setStartAtLogin(now.startAtLogin ? 'start' : 'stay-away');
  return now;
}

function announce(notice: EventPayload<'notice'>, settings: Settings | undefined, window: MainWindow): void {
  const watched = window.current()?.isFocused() ?? false;
  if (!watched && settings?.notifications !== false) notify(notice, window.show);
}
