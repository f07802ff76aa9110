import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock, systemRandom } from '../../main/app/system.ts';
import { openRestStore } from '../../main/engine/store/rest-store.ts';
import { CONFIG_FILE, type WriteStore } from '../../main/engine/store/store.ts';
import { RcloneTruth } from '../../main/rclone/rclone-truth.ts';
import type { RemoteControl } from '../../main/rclone/remote-control.ts';
import { listRemoteFolders, listRemotes, rcloneVersion } from '../../main/rclone/remotes.ts';
import { ResticSession } from '../../main/rclone/restic-session.ts';
import { holdControl } from '../../main/rclone/shared-control.ts';
import { storedObject } from '../contract/store-suite.ts';
import { fileNamesBelow } from '../support/file-names-below.ts';
import { LONG } from '../support/long.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let variables: NodeJS.ProcessEnv;
beforeAll(async () => {
  scratch = await temporaryFolder('rclone-faults');
  remotes = await startRcloneRemotes(scratch.path);
  variables = { ...process.env, ...remotes.env, AWS_CA_BUNDLE: '/nowhere', RCLONE_DRY_RUN: 'true' };
});
afterAll(async () => {
  await remotes.close();
  await scratch.remove();
});

interface Opened {
  readonly store: WriteStore;
  readonly session: ResticSession;
  readonly control: RemoteControl;
}

/** What `openRcloneStore` makes, with its processes in reach and without retries: each answer is seen as it is. */
async function open(remote: string, ownVariables = variables): Promise<Opened> {
  const { binary, environment, control, release } = await holdControl(ownVariables);
  const session = new ResticSession({ binary, environment, remote });
  const location = `rclone:${remote}`;
  const truth = new RcloneTruth({ control, environment, remote, location, release });
  const host = { clock: systemClock, random: systemRandom };
  return { store: openRestStore({ location, transport: session, truth, ...host }), session, control };
}

async function repository(remote: string): Promise<Opened> {
  const opened = await open(remote);
  await opened.store.create();
  await opened.store.put(CONFIG_FILE, Buffer.from('config'));
  return opened;
}

/** How often rclone is killed under many uploads. */
const ROUNDS = LONG ? 12 : 6;
let opened: Opened;
let count = 0;
describe.each(['dav', 'sftp', 'plain'] as const)('at %s', (server) => {
  let path: string;
  beforeEach(async () => {
    path = `repo-${count++}`;
    opened = await repository(`${server}:${path}`);
  });
  afterEach(() => opened.store.close());

  it('leaves an object absent or whole when rclone is killed in the middle of an upload, and goes on', async () => {
    const { store, session } = opened;
    const { name, bytes } = storedObject('data', randomBytes(64 << 20));
    await store.stat();
    const put = store.put(name, bytes).catch(() => undefined);
    for (let tries = 0; session.pid === undefined && tries < 100; tries++) await wait(5);
    await wait(60);
    expect(session.pid).toBeDefined();
    process.kill(session.pid ?? 0, 'SIGKILL');
    await put;
    for (const { id, size } of await store.list('data')) {
      expect({ id, size }).toEqual({ id: name.id, size: bytes.length });
    }
    await store.put(name, bytes);
    expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
  });

  it('outlives rclone, however often it is killed with many uploads under way', async () => {
    const { store, session } = opened;
    await store.stat();
    for (let round = 0; round < ROUNDS; round++) {
      const sizes = [8 << 20, 3000, 8 << 20, 3000, 8 << 20];
      const puts = sizes.map((size) => {
        const { name, bytes } = storedObject('data', randomBytes(size));
        return store.put(name, bytes).catch((error: unknown) => error);
      });
      for (let tries = 0; session.pid === undefined && tries < 100; tries++) await wait(5);
      await wait(round * (96 / ROUNDS));
      if (session.pid !== undefined) process.kill(session.pid, 'SIGKILL');
      for (const failure of await Promise.all(puts)) {
        if (failure !== undefined) expect(failure).toMatchObject({ code: expect.stringMatching(/^(store|rclone)\//) });
      }
    }
  });

  it('replaces a stump that another program left under the final name', async () => {
    const { name, bytes } = storedObject('data', randomBytes(5000));
    const folder = join(remotes.folders[server], path, 'data', name.id.slice(0, 2));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name.id), bytes.subarray(0, 100));
    await opened.store.put(name, bytes);
    expect(Buffer.compare(await opened.store.get(name), bytes)).toBe(0);
    expect(await readdir(folder)).toEqual([name.id]);
  });

  it('leaves nothing behind when an upload is cancelled', async () => {
    // So slow that it cannot have arrived by then: what has arrived stays, cancelled or not.
    const slow = await open(`${server}:${path}`, { ...variables, RCLONE_BWLIMIT: '8M' });
    try {
      await slow.store.stat();
      const { name, bytes } = storedObject('data', randomBytes(32 << 20));
      const abort = new AbortController();
      const put = slow.store.put(name, bytes, abort.signal);
      const folder = join(remotes.folders[server], path, 'data');
      await vi.waitFor(async () => expect(await fileNamesBelow(folder)).toHaveLength(1), {
        timeout: 5000,
        interval: 10,
      });
      abort.abort();
      await expect(put).rejects.toMatchObject({ code: 'cancelled' });
      expect(await slow.store.list('data')).toEqual([]);
      await vi.waitFor(async () => expect(await fileNamesBelow(folder)).toEqual([]), { timeout: 5000 });
    } finally {
      await slow.store.close();
    }
  });
});

describe.each(['dav', 'sftp'] as const)('when %s does not answer', (server) => {
  beforeEach(async () => {
    opened = await repository(`${server}:away-${count++}`);
  });
  afterEach(async () => {
    await opened.store.close();
    await remotes.stop(server);
    await remotes.start(server);
  });

  it('says unreachable for everything, never empty, never missing; and works again when it is back', async () => {
    const { store } = opened;
    const { name, bytes } = storedObject('data', randomBytes(5000));
    await store.put(name, bytes);
    await remotes.stop(server);
    for (const type of ['data', 'snapshots'] as const) {
      await expect(store.list(type)).rejects.toMatchObject({ code: 'store/unreachable' });
    }
    await expect(store.get(name)).rejects.toMatchObject({ code: 'store/unreachable' });
    await expect(store.get(CONFIG_FILE)).rejects.toMatchObject({ code: 'store/unreachable' });
    await expect(store.put(name, bytes)).rejects.toMatchObject({ code: 'store/unreachable' });
    await expect(store.remove(name)).rejects.toMatchObject({ code: 'store/unreachable' });
    await expect(store.stat()).rejects.toMatchObject({ code: 'store/unreachable' });
    await remotes.start(server);
    expect(await store.list('data')).toEqual([{ id: name.id, size: 5000 }]);
    expect(Buffer.compare(await store.get(name), bytes)).toBe(0);
  });
});

it('starts a killed control process again with the next call', async () => {
  opened = await repository(`plain:repo-${count++}`);
  const first = await opened.control.pid();
  process.kill(first, 'SIGKILL');
  await wait(100);
  expect(await opened.store.list('config')).toHaveLength(1);
  expect(await opened.control.pid()).not.toBe(first);
  await opened.store.close();
});

it('ends both processes when the store closes, and gives neither secrets in arguments nor stray variables', async () => {
  opened = await repository(`plain:repo-${count++}`);
  const { name, bytes } = storedObject('index', randomBytes(10));
  await opened.store.put(name, bytes);
  const pids = [await opened.control.pid(), opened.session.pid ?? 0];
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect(environment).not.toContain('AWS_CA_BUNDLE');
    expect(environment).not.toContain('RCLONE_DRY_RUN');
    const password = /RCLONE_RC_PASS=([0-9a-f]+)/.exec(environment)?.[1];
    if (password !== undefined) expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password);
  }
  await opened.store.close();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

it('says full when the disk behind the remote is full, and leaves no stump', async ({ skip }) => {
  const disk = await mountSmallDisk(join(scratch.path, 'disk'), '6m');
  if ('reason' in disk) return skip(disk.reason);
  opened = await repository(`:local:${disk.path}/repo`);
  try {
    const { name, bytes } = storedObject('data', randomBytes(8 << 20));
    await expect(opened.store.put(name, bytes)).rejects.toMatchObject({ code: 'store/full' });
    expect(await opened.store.list('data')).toEqual([]);
    expect((await opened.store.stat()).freeBytes).toBeGreaterThan(4 << 20);
  } finally {
    await opened.store.close();
    await disk.unmount();
  }
});

it('names a remote that rclone does not know', async () => {
  opened = await open('nowhere:repo');
  await expect(opened.store.stat()).rejects.toMatchObject({ code: 'rclone/remote-unknown' });
  await expect(opened.store.get(CONFIG_FILE)).rejects.toMatchObject({ code: 'rclone/remote-unknown' });
  await opened.store.close();
});

it('lists the configured remotes with their types, and its version', async () => {
  expect(await listRemotes(variables)).toEqual([
    { name: 'dav', type: 'webdav' },
    { name: 'my cloud', type: 'webdav' },
    { name: 'plain', type: 'alias' },
    { name: 'sftp', type: 'sftp' },
  ]);
  expect(await rcloneVersion(variables)).toMatch(/^v1\.\d+/);
});

it('lists the folders of a remote, and says when there is none', async () => {
  opened = await repository('dav:folders/of mine/repo');
  expect(await listRemoteFolders('dav', 'folders', undefined, variables)).toEqual(['of mine']);
  const names = await listRemoteFolders('dav', 'folders/of mine/repo', undefined, variables);
  expect(names).toEqual(expect.arrayContaining(['data', 'index', 'keys', 'snapshots']));
  const missing = listRemoteFolders('dav', 'nowhere', undefined, variables);
  await expect(missing).rejects.toMatchObject({ code: 'path/not-found' });
  const unknown = listRemoteFolders('no such', '', undefined, variables);
  await expect(unknown).rejects.toMatchObject({ code: 'rclone/remote-unknown' });
  await opened.store.close();
});

it('says that rclone is missing when it is', async () => {
  const without = { ...variables, PATH: '/nowhere', TRIPLICATE_RCLONE: '' };
  await expect(rcloneVersion(without)).rejects.toMatchObject({ code: 'rclone/not-installed' });
  const broken = { ...variables, TRIPLICATE_RCLONE: '/nowhere/rclone' };
  await expect(rcloneVersion(broken)).rejects.toMatchObject({ code: 'rclone/not-installed' });
});

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 60; tries++) {
    // A zombie in a container without an init process is gone as well.
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (status === undefined || /\) Z /.test(status)) return true;
    await wait(50);
  }
  return false;
}

it('lets a program end that forgot to close its store, and ends with it', async () => {
  const script = `
    import { openStore } from ${JSON.stringify(import.meta.resolve('../../main/app/open-store.ts'))};
    import { systemClock } from ${JSON.stringify(import.meta.resolve('../../main/app/system.ts'))};
    const store = await openStore('rclone:plain:forgotten', { clock: systemClock });
    await store.create();
    await store.put({ type: 'config', id: '' }, Buffer.from('config'));
    await store.get({ type: 'config', id: '' });
  `;
  const { failed, stderr } = await execa(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: remotes.env,
    reject: false,
    timeout: 20_000,
  });
  expect({ failed, stderr }).toEqual({ failed: false, stderr: '' });
});

it('uses the processes that were started ahead, and a program ends that began them for nothing', async () => {
  const script = `
    import { beginRemote } from ${JSON.stringify(import.meta.resolve('../../main/app/begin-remote.ts'))};
    import { openStore } from ${JSON.stringify(import.meta.resolve('../../main/app/open-store.ts'))};
    import { systemClock } from ${JSON.stringify(import.meta.resolve('../../main/app/system.ts'))};
    import { takeLink } from ${JSON.stringify(import.meta.resolve('../../main/rclone/rclone-link.ts'))};
    await beginRemote('rclone:plain:for-nothing');
    await beginRemote('no location');
    await beginRemote('rclone:plain:begun');
    const store = await openStore('rclone:plain:begun', { clock: systemClock });
    await store.create();
    await store.put({ type: 'config', id: '' }, Buffer.from('config'));
    await store.close();
    const link = await takeLink('plain:for-nothing');
    console.log(JSON.stringify([link.session.pid, await link.control.pid()]));
  `;
  const { failed, stdout, stderr } = await execa(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: remotes.env,
    reject: false,
    timeout: 20_000,
  });
  expect({ failed, stderr }).toEqual({ failed: false, stderr: '' });
  const pids = JSON.parse(stdout) as number[];
  expect(pids).toHaveLength(2);
  for (const pid of pids) expect(await isGone(pid)).toBe(true);
});

it('does not leave rclone behind for long when we are killed: the bytes end at once, the control with the next start', async () => {
  const script = `
    import { holdControl } from ${JSON.stringify(import.meta.resolve('../../main/rclone/shared-control.ts'))};
    import { ResticSession } from ${JSON.stringify(import.meta.resolve('../../main/rclone/restic-session.ts'))};
    const { binary, environment, control } = await holdControl();
    const session = new ResticSession({ binary, environment, remote: 'plain:killed' });
    await session.request({ method: 'HEAD', path: '/config' });
    console.log(JSON.stringify([await control.pid(), session.pid]));
    setInterval(() => {}, 1000);
  `;
  const runtime = { XDG_RUNTIME_DIR: scratch.path };
  const child = execa(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: { ...remotes.env, ...runtime },
    reject: false,
  });
  const text = await new Promise<string>((resolve) => child.stdout.once('data', (line) => resolve(String(line))));
  const [control = 0, session = 0] = JSON.parse(text) as number[];
  child.kill('SIGKILL');
  await child;
  expect(await isGone(session)).toBe(true);
  process.kill(control, 0);
  const before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = scratch.path;
  try {
    await rcloneVersion({ ...variables, TZ: 'UTC' });
  } finally {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
  }
  expect(await isGone(control)).toBe(true);
});

/** The arguments of every process that now runs. */
async function allArguments(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(texts)).join('\n');
}

describe('of a connection string', () => {
  const obscured = async (password: string) => (await execa('rclone', ['obscure', '-'], { input: password })).stdout;
  const server = () => `url="http://127.0.0.1:${remotes.ports.dav}/",vendor=other,user=tester`;

  it.each([
    ['one for this place alone', (pass: string) => `:webdav,${server()},pass=${pass}:`],
    ['one with quotes', (pass: string) => `:webdav,${server().replaceAll('"', "'")},pass="${pass}":`],
    ['one that changes a remote', (pass: string) => `dav,pass=${pass}:`],
    ['one that changes a remote with a space', (pass: string) => `my cloud,pass='${pass}':`],
    [
      'one within another',
      (pass: string) => {
        const inner = `:webdav,${server()},pass=${pass}:`.replaceAll('"', '""');
        return `:crypt,remote="${inner}",filename_encryption=off,password=${pass}:`;
      },
    ],
  ])('no secret is in the arguments of any process: %s', async (_name, make) => {
    const pass = await obscured('loopback-only');
    const seen: string[] = [];
    // All the while: the shell that starts rclone is there for a moment only.
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        seen.push(await allArguments());
        await wait(1);
      }
    })();
    opened = await repository(`${make(pass)}of mine/repo-${count++}`);
    try {
      const { name, bytes } = storedObject('index', randomBytes(1000));
      await opened.store.put(name, bytes);
      expect(Buffer.compare(await opened.store.get(name), bytes)).toBe(0);
      const own = await readFile(`/proc/${opened.session.pid}/cmdline`, 'utf8');
      expect(own).toContain('serve\0restic');
      isOver = true;
      await watching;
      expect(seen.some((text) => text.includes(own))).toBe(true);
      expect(seen.filter((text) => text.includes(pass))).toEqual([]);
    } finally {
      isOver = true;
      await opened.store.close();
    }
  });

  it('no secret is in the error of a transfer that breaks off', async () => {
    const pass = await obscured('loopback-only');
    const { binary, environment, release } = await holdControl(variables);
    const session = new ResticSession({ binary, environment, remote: `:webdav,${server()},pass=${pass}:broken` });
    const asked = session.request({ method: 'GET', path: '/config' }).catch((error: unknown) => error);
    process.kill(session.pid ?? Number.NaN, 'SIGKILL');
    const error = await asked;
    expect(error).toMatchObject({ code: 'store/unreachable' });
    expect(String(error)).not.toContain(pass);
    await session.close();
    await release();
  });
});
