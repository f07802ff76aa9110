import { execa } from 'execa';

/** A repository server with a login, as rest-server is: rclone serves a folder over restic's REST protocol on loopback. */
export interface RestServer {
  readonly port: number;
  /** `http://user:password@127.0.0.1:port/`, for the server itself or a proxy before it. */
  url(port?: number): string;
  close(): Promise<void>;
}

const USER = 'tester';
const PASSWORD = 'p@ss/word';

export async function startRestServer(folder: string): Promise<RestServer> {
  const child = execa('rclone', ['serve', 'restic', folder, '--addr', '127.0.0.1:0', '--cache-objects=false'], {
    env: { RCLONE_USER: USER, RCLONE_PASS: PASSWORD },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    reject: false,
  });
  const port = await new Promise<number>((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    void child.then(() => reject(new Error(`rclone serve restic ended at once:\n${text}`)));
  });
  return {
    port,
    url: (at = port) => `http://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${at}/`,
    async close() {
      child.kill('SIGKILL');
      await child;
    },
  };
}
