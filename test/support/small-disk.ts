import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';

/** A small file system of its own, mounted for one test. */
export interface SmallDisk {
  readonly path: string;
  /** Where its content is to be seen also while it is away. */
  readonly device: string;
  /** Waits until no file is open for writing: the system makes no disk read-only before. */
  setWritable(mode: 'read-only' | 'read-write'): Promise<void>;
  /** Takes up all room that is left, to the last byte. */
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
  /** Takes the disk away, as if unplugged: an empty mount point stays. */
  pull(): Promise<void>;
  /** Puts it back as it was. */
  plugIn(): Promise<void>;
  /** The end of the disk: the content is lost. */
  unmount(): Promise<void>;
}

const FILLER = 'filler';
const BUSY = 32;

/** `ext4`: in a file of this size beside the mount point; bulk data is written to it past the system's cache. */
export type SmallDiskKind = 'tmpfs' | 'ext4';

/** Mounts a small disk, or gives the reason why this machine does not allow it (then the test is skipped with it). */
export async function mountSmallDisk(
  path: string,
  size: string,
  kind: SmallDiskKind = 'tmpfs',
): Promise<SmallDisk | { readonly reason: string }> {
  // The second mount keeps the content while the one at the path is away.
  const device = `${path}.device`;
  await mkdir(path, { recursive: true });
  await mkdir(device, { recursive: true });
  const { exitCode, stderr } = await (kind === 'ext4'
    ? mountImage(`${path}.image`, size, device)
    : run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', device));
  if (exitCode !== 0) return { reason: `mounting a small file system is not permitted here: ${stderr}` };
  const plugIn = async () => void (await execa('mount', ['--bind', device, path]));
  await plugIn();
  return {
    path,
    device,
    plugIn,
    async setWritable(mode) {
      const remount = () => run('mount', '-o', `remount,${mode === 'read-only' ? 'ro' : 'rw'}`, device);
      for (let tries = 1; ; tries++) {
        const { exitCode, stderr } = await remount();
        if (exitCode === 0) return;
        if (exitCode !== BUSY || tries > 500) throw new Error(stderr);
        await wait(10);
      }
    },
    async fill() {
      for (const bytes of [1 << 20, 4096]) {
        const block = Buffer.alloc(bytes);
        for (;;) {
          const written = await appendFile(join(device, FILLER), block).then(
            () => true,
            () => false,
          );
          if (!written) break;
        }
      }
    },
    async makeRoom() {
      await rm(join(device, FILLER), { force: true });
    },
    async pull() {
      await execa('umount', ['--lazy', path]);
    },
    async unmount() {
      await run('umount', '--lazy', path);
      await execa('umount', ['--lazy', device]);
    },
  };
}

async function mountImage(image: string, size: string, device: string) {
  await run('truncate', '-s', size, image);
  const made = await run('mkfs.ext4', '-q', '-m', '0', image);
  if (made.exitCode !== 0) return made;
  const mounted = await run('mount', '-o', 'loop', image, device);
  if (mounted.exitCode === 0) await rm(join(device, 'lost+found'), { recursive: true });
  return mounted;
}

const run = (file: string, ...args: readonly string[]) => execa(file, [...args], { reject: false });
