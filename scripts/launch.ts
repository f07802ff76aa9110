/** Opens Triplicate: Electron's window where its program and a display are there, else the same interface in the browser. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findElectronBinary, missingDisplay } from './electron-binary.ts';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const electron = findElectronBinary(root);
const obstacle = 'missing' in electron ? electron.missing : (missingDisplay() ?? superuser());

if ('path' in electron && obstacle === undefined) {
  await build('renderer', 'electron', 'cli');
  process.exitCode = await run(electron.path, ['.', ...args]);
} else {
  process.stderr.write(`Serving the interface to your browser, because ${obstacle}.\n`);
  await build('renderer', 'cli');
  process.exitCode = await run(process.execPath, ['main/bin.js', 'serve', ...args]);
}

/** Chromium's sandbox refuses root on Linux, and we never switch the sandbox off. */
function superuser(): string | undefined {
  return process.platform === 'linux' && process.getuid?.() === 0
    ? 'the Electron window does not run as root'
    : undefined;
}

async function build(...targets: readonly string[]): Promise<void> {
  const code = await run(process.execPath, ['scripts/build.ts', '--if-stale', ...targets]);
  if (code !== 0) process.exit(code);
}

/** Resolves with the exit code. Passes signals on, and ends the child when whoever started us is gone. */
function run(command: string, words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd: root, stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 1000).unref();
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
