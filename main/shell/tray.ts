import { Menu, nativeImage, Tray } from 'electron';
import type { TrayState } from './activity.ts';
import { shippedPath } from './paths.ts';

export interface TrayActions {
  open(): void;
  backUpNow(): void;
  quit(): void;
}

export interface TrayIcon {
  show(state: TrayState): void;
  remove(): void;
}

/** The icon in the system's tray. Some desktops have none (GNOME), so nothing may be reachable only from here. */
export function createTray(actions: TrayActions): TrayIcon {
  const tray = new Tray(image('good'));
  tray.on('click', actions.open);
  return {
    show: (state) => {
      tray.setImage(image(state.kind));
      tray.setToolTip(`Triplicate: ${state.text}`);
      // Linux shows changed items only when the menu is set again.
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: state.text, enabled: false },
          { type: 'separator' },
          { label: 'Open Triplicate', click: actions.open },
          {
            label: 'Back up now',
            click: actions.backUpNow,
            enabled: state.kind !== 'empty' && state.kind !== 'working',
          },
          { type: 'separator' },
          { label: 'Quit', click: actions.quit },
        ]),
      );
    },
    remove: () => tray.destroy(),
  };
}

function image(kind: TrayState['kind']): Electron.NativeImage {
  const loaded = nativeImage.createFromPath(shippedPath('assets', 'tray', `${kind}.png`));
  return loaded.isEmpty() ? nativeImage.createEmpty() : loaded.resize({ width: 22, height: 22 });
}
