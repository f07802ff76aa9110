import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

/** A small file system of its own, mounted for one test. */
export interface SmallDisk {
  readonly path: string;
  setWritable(mode: 'read-only' | 'read-write'): Promise<void>;
  /** Takes the disk away, as if unplugged: an empty mount point stays. The content is lost. */
  unmount(): Promise<void>;
}

/** Mounts a tmpfs, or gives the reason why this machine does not allow it (then the test is skipped with it). */
export async function mountSmallDisk(path: string, size: string): Promise<SmallDisk | { readonly reason: string }> {
  await mkdir(path, { recursive: true });
  const { exitCode, stderr } = await run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path);
  if (exitCode !== 0) return { reason: `mounting a small file system is not permitted here: ${stderr}` };
  return {
    path,
    async setWritable(mode) {
      await execa('mount', ['-o', `remount,${mode === 'read-only' ? 'ro' : 'rw'}`, path]);
    },
    async unmount() {
      await execa('umount', ['--lazy', path]);
    },
  };
}

const run = (file: string, ...args: readonly string[]) => execa(file, [...args], { reject: false });
