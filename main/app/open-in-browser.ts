import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from './state-file.ts';

/** Longer than any browser takes to start; the token in it is used by then, too. */
const KEPT_MS = 60_000;

/**
 * Opens an address that holds a secret in the person's browser. Everybody on this machine can read the arguments of a program,
 * so what is opened is a page that only this user can read, which leads there. @returns what removes the page
 */
export async function openInBrowser(
  address: string,
  stateFolder: string,
  start: (file: string) => void = startBrowser,
): Promise<() => Promise<void>> {
  const file = join(stateFolder, 'open.html');
  const remove = (): Promise<void> => rm(file, { force: true });
  const safe = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  await writeDurably(
    file,
    `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${safe}"><title>Triplicate</title><a href="${safe}">Open Triplicate</a>\n`,
  );
  start(file);
  setTimeout(() => void remove().catch(() => undefined), KEPT_MS).unref();
  return remove;
}

function startBrowser(file: string): void {
  const command = process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer.exe' : 'xdg-open';
  const child = spawn(command, [file], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
}
