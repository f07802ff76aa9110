import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { app } from 'electron';

/** The word on the command line of a start at login: the window stays closed, the tray shows that Triplicate runs. */
export const HIDDEN_FLAG = '--hidden';

/** Starts Triplicate at login, or no longer. Electron does it on macOS and Windows; Linux desktops read an autostart file. */
export async function setStartAtLogin(wish: 'start' | 'stay-away'): Promise<void> {
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: wish === 'start', args: [HIDDEN_FLAG] });
    return;
  }
  const file = join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'autostart', 'triplicate.desktop');
  if (wish === 'stay-away') {
    await rm(file, { force: true });
    return;
  }
  await mkdir(dirname(file), { recursive: true });
  // An AppImage's own path changes with every start; the variable names the file that the person opened.
  await writeFile(file, autostartEntry(process.env.APPIMAGE ?? process.execPath));
}

/** The text of the autostart file (Desktop Entry Specification, quoting rules of `Exec`). */
export function autostartEntry(program: string): string {
  const quoted = `"${program.replace(/["`$\\]/g, '\\$&').replace(/%/g, '%%')}"`;
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Triplicate',
    'Comment=Keeps three copies of what matters',
    `Exec=${quoted} ${HIDDEN_FLAG}`,
    'X-GNOME-Autostart-enabled=true',
    'Terminal=false',
    '',
  ].join('\n');
}
