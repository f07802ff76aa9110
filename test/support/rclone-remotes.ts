import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';

/** Remote places on this machine: rclone serves folders over WebDAV and SFTP, and a config file of its own knows them. */
export interface RcloneRemotes {
  /** Holds the remotes `dav`, `sftp`, `my cloud` (WebDAV again, a name with a space) and `plain` (a folder). */
  readonly configFile: string;
  /** For child processes: `{ RCLONE_CONFIG }`. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the bytes of a remote lie on this disk. */
  readonly folders: { readonly dav: string; readonly sftp: string; readonly plain: string };
  readonly ports: { readonly dav: number; readonly sftp: number };
  /** Ends a server at once, as if the network were gone; `start` brings it back on the same port. */
  stop(server: ServerName): Promise<void>;
  start(server: ServerName): Promise<void>;
  close(): Promise<void>;
}

export type ServerName = 'dav' | 'sftp';

const USER = 'tester';
const PASSWORD = 'loopback-only';

/** Starts the servers asked for, over folders below `scratch`. */
export async function startRcloneRemotes(
  scratch: string,
  servers: readonly ServerName[] = ['dav', 'sftp'],
): Promise<RcloneRemotes> {
  const folder = (name: string) => join(scratch, `served-${name}`);
  const folders = { dav: folder('dav'), sftp: folder('sftp'), plain: folder('plain') };
  await Promise.all(Object.values(folders).map((path) => mkdir(path, { recursive: true })));
  const ports = { dav: await freePort(), sftp: await freePort() };
  const configFile = join(scratch, 'rclone.conf');
  await writeFile(configFile, await configText(folders.plain, ports), { mode: 0o600 });
  const env = { RCLONE_CONFIG: configFile };

  const running = new Map<ServerName, { readonly kill: () => void; readonly ended: Promise<unknown> }>();
  const start = async (server: ServerName) => {
    const args = [
      'serve',
      server === 'dav' ? 'webdav' : 'sftp',
      folders[server],
      '--addr',
      `127.0.0.1:${ports[server]}`,
    ];
    // The default caches folders for five minutes; other programs write below this one in tests.
    const child = execa('rclone', [...args, '--dir-cache-time', '0s'], {
      env: { ...env, RCLONE_USER: USER, RCLONE_PASS: PASSWORD, XDG_CACHE_HOME: join(scratch, 'cache') },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
      reject: false,
    });
    running.set(server, { kill: () => child.kill('SIGKILL'), ended: child });
    await new Promise<void>((resolve, reject) => {
      let text = '';
      child.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (/server (started|listening) on/i.test(text)) resolve();
      });
      void child.then(() => reject(new Error(`rclone serve ended at once:\n${text}`)));
    });
  };
  const stop = async (server: ServerName) => {
    const child = running.get(server);
    running.delete(server);
    if (child === undefined) return;
    child.kill();
    await child.ended;
  };
  await Promise.all(servers.map(start));
  const close = async () => {
    await Promise.all([...running.keys()].map(stop));
  };
  return { configFile, env, folders, ports, start, stop, close };
}

async function configText(plain: string, ports: RcloneRemotes['ports']): Promise<string> {
  const { stdout: pass } = await execa('rclone', ['obscure', '-'], { input: PASSWORD });
  const dav = `type = webdav\nurl = http://127.0.0.1:${ports.dav}\nvendor = other\nuser = ${USER}\npass = ${pass}\n`;
  const sftp = `type = sftp\nhost = 127.0.0.1\nport = ${ports.sftp}\nuser = ${USER}\npass = ${pass}\nshell_type = none\n`;
  const local = `type = alias\nremote = ${plain}\n`;
  return `[dav]\n${dav}\n[my cloud]\n${dav}\n[sftp]\n${sftp}\n[plain]\n${local}`;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
