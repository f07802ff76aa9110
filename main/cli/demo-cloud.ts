import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { TriplicateError } from '../engine/errors.ts';
import { findRclone } from '../rclone/find-rclone.ts';

/** A stand-in for a cloud: rclone serves a folder over WebDAV on loopback, and a configuration of its own knows it. */
export interface DemoCloud {
  readonly location: string;
  readonly configFile: string;
  close(): Promise<void>;
}

export async function startDemoCloud(scratch: string): Promise<DemoCloud> {
  const rclone = await findRclone();
  const folder = join(scratch, 'stand-in-cloud');
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const { stdout: obscured } = await execa(rclone, ['obscure', '-'], { input: password });
  const configFile = join(scratch, 'rclone.conf');
  const remote = `[cloud]\ntype = webdav\nurl = http://127.0.0.1:${port}\nvendor = other\nuser = demo\npass = ${obscured}\n`;
  await writeFile(configFile, remote, { mode: 0o600 });
  const child = execa(rclone, ['serve', 'webdav', folder, '--addr', `127.0.0.1:${port}`], {
    env: { RCLONE_CONFIG: configFile, RCLONE_USER: 'demo', RCLONE_PASS: password },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    reject: false,
  });
  await answers(port);
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child;
  };
  return { location: 'rclone:cloud:copies', configFile, close };
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const there = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new TriplicateError('rclone/failed', 'The stand-in cloud did not start.');
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
