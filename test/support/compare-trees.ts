import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Everything that a restore must bring back, one line a path; inode numbers only as which names are one file. */
export function describeTree(root: string): readonly string[] {
  const lines: string[] = [];
  const firstName = new Map<string, string>();
  const visit = (path: Buffer, name: string): void => {
    const { mode, uid, gid, mtimeNs, size, nlink, ino, dev, rdev, ...kind } = statOf(path);
    const parts: unknown[] = [name, mode.toString(8), uid, gid, mtimeNs];
    if (kind.isFile()) {
      const first = nlink > 1n ? (firstName.get(`${dev} ${ino}`) ?? name) : name;
      firstName.set(`${dev} ${ino}`, first);
      parts.push(size, first, createHash('sha256').update(readFileSync(path)).digest('hex'));
    }
    if (kind.isSymbolicLink()) parts.push(readlinkSync(path, 'buffer').toString('hex'));
    if (kind.isBlockDevice() || kind.isCharacterDevice()) parts.push(rdev);
    lines.push(parts.join(' '));
    if (!kind.isDirectory()) return;
    for (const entry of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)) {
      visit(Buffer.concat([path, Buffer.from('/'), entry]), `${name}/${entry.toString('latin1')}`);
    }
  };
  visit(Buffer.from(root), '');
  return lines;
}

/** `getfattr` of everything below, as text. */
export function describeAttributes(root: string): string {
  return execFileSync('getfattr', ['-R', '-h', '-d', '-m', '-', '--physical', '.'], { cwd: root, encoding: 'latin1' });
}

function statOf(path: Buffer) {
  const stat = lstatSync(path, { bigint: true });
  return Object.assign(Object.create(Object.getPrototypeOf(stat)) as typeof stat, stat, {
    isFile: () => stat.isFile(),
    isDirectory: () => stat.isDirectory(),
    isSymbolicLink: () => stat.isSymbolicLink(),
    isBlockDevice: () => stat.isBlockDevice(),
    isCharacterDevice: () => stat.isCharacterDevice(),
  });
}
