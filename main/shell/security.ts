import { app, type Session, session, shell, type WebContents } from 'electron';
import { isInterfaceAddress } from '../api/electron-transport.ts';

/** Closes what a window could otherwise do: no permissions, no navigation, no new windows, no webview, no foreign downloads. */
export function secureContents(): void {
  refusePermissions(session.defaultSession);
  app.on('web-contents-created', (_event, contents) => secure(contents));
}

function refusePermissions(target: Session): void {
  // Copying the recovery text to the clipboard is the one thing that the interface asks the browser for.
  const allowed = new Set(['clipboard-sanitized-write']);
  target.setPermissionRequestHandler((contents, permission, answer) => {
    answer(allowed.has(permission) && isInterfaceAddress(contents.getURL()));
  });
  target.setPermissionCheckHandler(
    (_contents, permission, origin) => allowed.has(permission) && isInterfaceAddress(origin),
  );
  target.setDevicePermissionHandler(() => false);
  // What the page itself made may be saved, the recovery page that is: the system asks where to. Nothing else is.
  target.on('will-download', (event, item) => {
    if (!isOwnBlob(item.getURL())) event.preventDefault();
  });
}

/** A `blob:` address carries the origin of the page that made it. */
function isOwnBlob(address: string): boolean {
  return address.startsWith('blob:') && isInterfaceAddress(address.slice('blob:'.length));
}

function secure(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isInterfaceAddress(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
}

/** Opens a link in the person's browser; only plain web addresses, never files or other programs' schemes. */
export function openOutside(address: string): void {
  if (URL.parse(address)?.protocol === 'https:') void shell.openExternal(address);
}
