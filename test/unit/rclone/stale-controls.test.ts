import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, link, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endStaleControls, forgetControl, rememberControl } from '../../../main/rclone/stale-controls.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

const USER = 'ab'.repeat(12);
const PASSWORD = 'cd'.repeat(24);
const NAME = `triplicate-rclone-${userInfo().uid}`;
const SOMEBODY_ELSE = 12_345;

let scratch: TemporaryFolder;
let folder: string;
/** A process with the password of its record, and a server that answers for it: as rclone, for all that can be seen. */
let control: ChildProcess;
let server: Server;
let claimed: unknown;
let address: string;
/** A process that has ended. */
let gone: number;
let file: string;

beforeEach(async () => {
  scratch = await temporaryFolder('controls');
  folder = join(scratch.path, NAME);
  vi.stubEnv('XDG_RUNTIME_DIR', scratch.path);
  control = spawn('sleep', ['60'], { env: { PATH: process.env.PATH, RCLONE_RC_PASS: PASSWORD }, stdio: 'ignore' });
  await once(control, 'spawn');
  const ended = spawn('true', { stdio: 'ignore' });
  await once(ended, 'exit');
  gone = Number(ended.pid);
  claimed = control.pid;
  file = join(folder, `${control.pid}.json`);
  server = createServer((_request, answer) => answer.end(JSON.stringify({ pid: claimed })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as { port: number }).port;
  address = `http://${USER}:${PASSWORD}@127.0.0.1:${port}/`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  control.kill('SIGKILL');
  server.close();
  await scratch.remove();
});

const record = (changes: object = {}) => ({ pid: Number(control.pid), owner: gone, address, ...changes });

async function plant(path: string, content: object = record(), mode = 0o600): Promise<void> {
  await writeFile(path, JSON.stringify(content));
  await chmod(path, mode);
}

/** Whether the process still runs after what has been asked of it had time to happen. */
async function isAlive(): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return control.exitCode === null && control.signalCode === null;
}

describe('records of rclone', () => {
  it('lie in a folder of our own, and end the process whose owner is gone', async () => {
    await rememberControl(record());
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual([`${control.pid}.json`]);
    await endStaleControls();
    expect(await isAlive()).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  it('go when they are not needed any more', async () => {
    await rememberControl(record());
    await forgetControl(Number(control.pid));
    expect(await readdir(folder)).toEqual([]);
  });

  it('leave the process of a living owner alone', async () => {
    await rememberControl(record({ owner: process.pid }));
    await endStaleControls();
    expect(await isAlive()).toBe(true);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('do without a folder that is a link', async () => {
    const elsewhere = join(scratch.path, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o700 });
    await symlink(elsewhere, folder);
    await rememberControl(record());
    expect(await readdir(elsewhere)).toEqual([]);
    await plant(join(elsewhere, `${control.pid}.json`));
    await endStaleControls();
    await forgetControl(Number(control.pid));
    expect(await isAlive()).toBe(true);
    expect(await readdir(elsewhere)).toHaveLength(1);
  });

  it.each([0o755, 0o770, 0o777])('do without a folder of mode %o', async (mode) => {
    await mkdir(folder);
    await chmod(folder, mode);
    await rememberControl(record());
    expect(await readdir(folder)).toEqual([]);
    await plant(file);
    await endStaleControls();
    expect(await isAlive()).toBe(true);
  });

  it("do without somebody else's folder", async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('needs root to give a folder away');
    await mkdir(folder, { mode: 0o700 });
    await chown(folder, SOMEBODY_ELSE, SOMEBODY_ELSE);
    await rememberControl(record());
    expect(await readdir(folder)).toEqual([]);
    await plant(file);
    await endStaleControls();
    await forgetControl(Number(control.pid));
    expect(await isAlive()).toBe(true);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('replace what stands under their name, and write neither through a link nor into an open file', async () => {
    const precious = join(scratch.path, 'precious');
    await writeFile(precious, 'precious');
    await mkdir(folder, { mode: 0o700 });
    await symlink(precious, file);
    await rememberControl(record());
    expect(await readFile(precious, 'utf8')).toBe('precious');
    expect((await lstat(file)).isFile()).toBe(true);
    await forgetControl(Number(control.pid));
    await plant(file, {}, 0o644);
    await rememberControl(record());
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
  });

  it('are not needed for rclone to work: nothing is thrown where none can be made', async () => {
    await writeFile(folder, 'a file');
    await rememberControl(record());
    vi.stubEnv('XDG_RUNTIME_DIR', join(scratch.path, 'nowhere'));
    await rememberControl(record());
    await forgetControl(Number(control.pid));
    await endStaleControls();
    expect(await readdir(scratch.path)).toEqual([NAME]);
  });

  it('do not lie in the working folder where the variable is empty', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', '');
    vi.stubEnv('TMPDIR', scratch.path);
    await rememberControl(record());
    expect(await readdir(scratch.path)).toEqual([NAME]);
  });
});

describe('a forged record ends nothing', () => {
  beforeEach(() => mkdir(folder, { mode: 0o700 }));
  afterEach(async () => {
    await endStaleControls();
    expect(await isAlive()).toBe(true);
  });

  it.each([0o644, 0o660, 0o606])('with mode %o', (mode) => plant(file, record(), mode));

  it('of somebody else', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('needs root to give a file away');
    await plant(file);
    await chown(file, SOMEBODY_ELSE, SOMEBODY_ELSE);
  });

  it('that is a link', async () => {
    await plant(join(scratch.path, 'other'));
    await symlink(join(scratch.path, 'other'), file);
  });

  it('that has another name elsewhere', async () => {
    await plant(join(scratch.path, 'other'));
    await link(join(scratch.path, 'other'), file);
  });

  it('under the number of another process', () => plant(join(folder, '4711.json')));

  it('with an address elsewhere', () => plant(file, record({ address: address.replace('127.0.0.1', 'localhost') })));

  it('with a password that the process was not started with', () =>
    plant(file, record({ address: address.replace(PASSWORD, 'ef'.repeat(24)) })));

  it('with a number that the answer does not confirm', async () => {
    claimed = 4711;
    await plant(file);
  });

  it.each([0, -1, 1, 2.5, '7'])('with the number %j', async (pid) => {
    claimed = pid;
    // Never the real one: were it called, it would end these tests, or all that runs here.
    const kill = vi.spyOn(process, 'kill').mockImplementation((target) => {
      if (target === gone) throw new Error('ESRCH');
      return true;
    });
    await plant(join(folder, `${pid}.json`), record({ pid }));
    await endStaleControls();
    expect(kill.mock.calls.filter(([, signal]) => signal !== 0)).toEqual([]);
    kill.mockRestore();
  });
});
