import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { createFileKeyStore } from './file-key-store.ts';
import { ownHome } from './home-folder.ts';
import { startNodeProcess } from './node-process.ts';
import type { AppPorts } from './ports.ts';

/** What plain Node offers the app: the browser host and the command line. */
export function nodePorts(stateFolder: string): AppPorts {
  return {
    host: 'browser',
    version: ownVersion(),
    hostname: hostname(),
    homeFolder: ownHome(),
    clock: { now: () => Date.now() },
    keyStore: createFileKeyStore(stateFolder),
    power: { source: powerSource, onResume: onTimeJump },
    folderChooser: null,
    opener: { reveal },
    startProcess: startNodeProcess,
  };
}

/** The version of the package that this file belongs to. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}

/** Linux tells in files; elsewhere plain Node cannot know, and mains is assumed. */
function powerSource(): 'battery' | 'mains' {
  const folder = '/sys/class/power_supply';
  try {
    const supplies = readdirSync(folder).map((name) => ({
      type: readText(join(folder, name, 'type')),
      online: readText(join(folder, name, 'online')),
      status: readText(join(folder, name, 'status')),
    }));
    if (supplies.some(({ type, online }) => type === 'Mains' && online === '1')) return 'mains';
    return supplies.some(({ type, status }) => type === 'Battery' && status === 'Discharging') ? 'battery' : 'mains';
  } catch {
    return 'mains';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** A clock that jumped far ahead between two ticks means that the machine slept. */
function onTimeJump(listener: () => void): () => void {
  const period = 15_000;
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > period * 4) listener();
    last = now;
  }, period);
  timer.unref();
  return () => clearInterval(timer);
}

/** Shows the folder of a file where the desktop has a way. */
function reveal(path: string): Promise<'shown' | 'not-shown'> {
  const [command, ...words] = revealCommand(path);
  if (command === undefined) return Promise.resolve('not-shown');
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve('not-shown'));
    child.once('spawn', () => {
      child.unref();
      resolve('shown');
    });
  });
}

function revealCommand(path: string): readonly string[] {
  if (process.platform === 'darwin') return ['open', '-R', path];
  if (process.platform === 'win32') return ['explorer.exe', `/select,${path}`];
  const display = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
  return display ? ['xdg-open', dirname(path)] : [];
}
