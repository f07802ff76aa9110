import { app } from 'electron';

/** True in the first instance; a second one wakes the first (`onSecond`) and must end. */
export function claimSingleInstance(onSecond: () => void): boolean {
  if (!app.requestSingleInstanceLock()) return false;
  app.on('second-instance', onSecond);
  app.on('activate', onSecond); // macOS: the icon in the dock
  return true;
}
