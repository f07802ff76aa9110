/** Electron's entry: builds the app, opens the window. No rules here; each concern of Electron has its file in `shell/`. */
import { app } from 'electron';
import { createApi } from './api/dispatch.ts';
import { serveHttp } from './api/http-transport.ts';
import { createApp } from './app/compose.ts';
import { stateFolder } from './app/home-folder.ts';
import { claimStateFolder } from './app/single-instance.ts';
import { toWire } from './engine/errors.ts';
import { showFatal } from './shell/dialogs.ts';
import { chromiumFolder, shippedPath } from './shell/paths.ts';
import { electronPorts } from './shell/ports.ts';
import { declareProtocol } from './shell/protocol.ts';
import { openShell } from './shell/shell.ts';
import { claimSingleInstance } from './shell/single-instance.ts';
import { createMainWindow } from './shell/window.ts';

const home = stateFolder(undefined);
app.setPath('userData', chromiumFolder(home)); // before the first use: the single-instance lock lies there
declareProtocol();
const window = createMainWindow();

if (claimSingleInstance(window.show)) void start();
else app.quit();

async function start(): Promise<void> {
  await app.whenReady();
  try {
    const claim = await claimStateFolder(home);
    const running = await createApp(electronPorts(window, home), { home });
    const api = createApi(running);
    // The command line of this user talks to the app that runs: on loopback, with a token from a file of mode 0600.
    const control = await serveHttp(api, { interfaceFolder: shippedPath('out', 'renderer') });
    await claim.publish(control.address, control.controlToken);
    await openShell(window, api, async () => {
      await running.close();
      await control.close();
      await claim.release();
    });
  } catch (error) {
    const { message, hint } = toWire(error);
    showFatal(`${message}\n\n${hint}`);
    app.exit(1);
  }
}
