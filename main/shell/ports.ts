import { homedir, hostname } from 'node:os';
import { app, powerMonitor } from 'electron';
import type { AppPorts } from '../app/ports.ts';
import { chooseFolder, reveal } from './dialogs.ts';
import { createKeyStore } from './key-store.ts';
import { powerSource } from './power.ts';
import { startUtilityProcess } from './processes.ts';
import type { MainWindow } from './window.ts';

/** What the app asks of this host: Electron's key store, power, dialogs and processes. */
export function electronPorts(window: MainWindow, stateFolder: string): AppPorts {
  return {
    host: 'window',
    version: app.getVersion(),
    hostname: hostname(),
    homeFolder: homedir(),
    clock: { now: () => Date.now() },
    keyStore: createKeyStore(stateFolder),
    power: {
      source: powerSource,
      onResume: (listener) => {
        powerMonitor.on('resume', listener);
        return () => {
          powerMonitor.off('resume', listener);
        };
      },
    },
    folderChooser: { choose: async (title) => (await chooseFolder(window.current(), title)) ?? null },
    opener: {
      reveal: async (path) => {
        reveal(path);
        return 'shown';
      },
    },
    startProcess: startUtilityProcess,
  };
}
