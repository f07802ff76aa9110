import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, link, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder with everything that is hard to bring back. Devices and owners only when root makes it. */
export async function makeOddTree(root: string): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  await mkdir(join(root, 'many'), { recursive: true });
  await mkdir(join(root, 'sticky'));
  await mkdir(join(root, 'closed'));
  for (let n = 0; n < 60; n++) await writeFile(join(root, 'many', `file ${n}`), randomBytes(n * 97));
  await writeFile(join(root, 'large'), randomBytes(18 * 1024 * 1024));
  const sparse = await open(join(root, 'sparse'), 'w');
  await sparse.truncate(40 * 1024 * 1024);
  await sparse.write('in the middle', 20 * 1024 * 1024);
  await sparse.close();
  await writeFile(join(root, 'empty'), '');
  await writeFile(Buffer.concat([Buffer.from(`${root}/not utf-8 \n`), Buffer.from([0xff, 0xfe])]), 'bytes');
  await writeFile(join(root, 'x'.repeat(255)), 'a name as long as names may be');
  await writeFile(join(root, 'closed', 'read only'), 'r');
  await link(join(root, 'many', 'file 7'), join(root, 'many', 'also 7'));
  await symlink('../nowhere at all', join(root, 'dangling'));
  await symlink('many', join(root, 'to a folder'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'a\nb = \\', join(root, 'empty')]);
  execFileSync('setfattr', ['-n', 'user.folder', '-v', '1', join(root, 'many')]);
  if (isRoot) {
    execFileSync('mknod', [join(root, 'device'), 'c', '1', '3']);
    execFileSync('mknod', [join(root, 'disk'), 'b', '7', '200']);
    await chown(join(root, 'many', 'file 3'), 1234, 4321);
  }
  execFileSync('touch', ['-d', '1960-01-02 03:04:05.123456789', join(root, 'many', 'file 4')]);
  execFileSync('touch', ['-h', '-d', '2001-09-09 01:46:40.987654321', join(root, 'dangling')]);
  await chmod(join(root, 'large'), 0o4755);
  await chmod(join(root, 'sticky'), 0o1777);
  await chmod(join(root, 'many'), 0o2775);
  await chmod(join(root, 'closed', 'read only'), 0o400);
  await chmod(join(root, 'closed'), 0o555);
}
