import { execFile } from 'node:child_process';
import { stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Disk } from '../api/contract/destinations.ts';
import type { StorageKind } from '../api/contract/values.ts';
import { unescaped } from '../watch/mounts-below.ts';
import { baseOf } from './block-devices.ts';
import { isAtOrBelow, realPath } from './folder-paths.ts';

const run = promisify(execFile);

interface Mount {
  readonly path: string;
  readonly type: string;
  readonly source: string;
}

const NETWORK_TYPES = /^(nfs\d?|cifs|smb\w*|sshfs|fuse\.sshfs|afpfs|webdav|9p|fuse\.rclone|davfs)$/;
const DISK_TYPES = /^(ext[234]|xfs|btrfs|zfs|f2fs|vfat|exfat|ntfs3?|fuseblk|hfs\w*|apfs|bcachefs|jfs)$/;
const EXTERNAL_PLACES = /^\/(media|mnt|run\/media|Volumes)\//;

/** Types of rclone's remotes that may stand in the next room, or of which it cannot be told what they stand on. */
const SERVER_TYPES: ReadonlySet<string> = new Set(
  'local sftp smb webdav ftp http hdfs alias crypt compress chunker hasher cache union combine memory'.split(' '),
);

function isOwnServer(location: string): boolean {
  const url = URL.parse(location.slice('rest:'.length));
  return url !== null && /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
}

/** Disks and shares of this machine that could hold copies, the roomiest first. */
export async function listDisks(): Promise<Disk[]> {
  const disks: Disk[] = [];
  const mounts = await listMounts();
  for (const mount of mounts) {
    if (!DISK_TYPES.test(mount.type) && !NETWORK_TYPES.test(mount.type)) continue;
    if (/^\/(boot|efi|etc|proc|sys|dev|snap)(\/|$)/.test(mount.path) || mount.path.startsWith('/var/lib/docker'))
      continue;
    const info = await stat(mount.path).catch(() => undefined);
    const room = info?.isDirectory() ? await statfs(mount.path).catch(() => undefined) : undefined;
    if (!room || room.blocks === 0) continue;
    disks.push({
      label: mount.path === '/' ? 'This computer' : basename(mount.path),
      path: mount.path,
      kind: await kindOf(mount, mounts),
      freeBytes: room.bavail * room.bsize,
      totalBytes: room.blocks * room.bsize,
      suggestedPath: join(mount.path, 'Triplicate'),
    });
  }
  return disks.sort(
    (a, b) => Number(b.kind !== 'internal') - Number(a.kind !== 'internal') || b.freeBytes - a.freeBytes,
  );
}

/** What kind of storage a location is, as far as it can be seen; the person may say otherwise. */
export async function guessKind(
  location: string,
  remoteType: string | null = null,
): Promise<{ readonly kind: StorageKind; readonly offsite: boolean }> {
  if (location.startsWith('rclone:')) {
    const isCloud = remoteType !== null && !SERVER_TYPES.has(remoteType);
    return { kind: isCloud ? 'cloud' : 'network', offsite: isCloud };
  }
  if (location.startsWith('rest:')) return { kind: isOwnServer(location) ? 'internal' : 'network', offsite: false };
  const path = await realPath(location);
  const mounts = await listMounts();
  const mount = mountOf(path, mounts);
  return { kind: mount ? await kindOf(mount, mounts) : 'internal', offsite: false };
}

function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts
    .filter((one) => isAtOrBelow(path, one.path))
    .sort((a, b) => a.path.length - b.path.length)
    .at(-1);
}

/** By where it is mounted, unless it is a part of a disk of this machine, or an image on one: both are lost with that disk. */
async function kindOf(mount: Mount, mounts: readonly Mount[]): Promise<StorageKind> {
  const first = firstOf(mount, mounts);
  const kind = kindOfMount(first);
  if (kind !== 'external' || !first.source.startsWith('/dev/')) return kind;
  const { disks, files } = await baseOf(first.source);
  for (const file of files) {
    const below = mountOf(file, mounts);
    if (below && below !== first && (await kindOf(below, mounts)) === 'internal') return 'internal';
  }
  const own = mounts.filter((one) => one.source.startsWith('/dev/') && kindOfMount(one) === 'internal');
  const ownDisks = await Promise.all(own.map(({ source }) => baseOf(source)));
  return ownDisks.some((base) => base.disks.some((disk) => disks.includes(disk))) ? 'internal' : kind;
}

/** A disk that is mounted in several places is of one kind: of the place where it was mounted first. */
function firstOf(mount: Mount, mounts: readonly Mount[]): Mount {
  const isDisk = DISK_TYPES.test(mount.type) && mount.source.startsWith('/dev/');
  const first = mounts.find(({ source, type }) => source === mount.source && type === mount.type);
  return isDisk && first ? first : mount;
}

function kindOfMount(mount: Mount): StorageKind {
  if (NETWORK_TYPES.test(mount.type)) return 'network';
  return EXTERNAL_PLACES.test(`${mount.path}/`) ? 'external' : 'internal';
}

async function listMounts(): Promise<readonly Mount[]> {
  if (process.platform === 'win32') return windowsDrives();
  if (process.platform === 'darwin')
    return parseDarwin((await run('/sbin/mount', []).catch(() => ({ stdout: '' }))).stdout);
  const { readFile } = await import('node:fs/promises');
  return parseProcMounts(await readFile('/proc/mounts', 'utf8').catch(() => ''));
}

/** Lines of `source path type options …`; spaces in names are written as octal escapes. */
export function parseProcMounts(text: string): readonly Mount[] {
  return text
    .split('\n')
    .map((line) => line.split(' ').map(unescaped))
    .flatMap(([source, path, type]) => (source && path && type ? [{ source, path, type }] : []));
}

function parseDarwin(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(.+) on (.+) \(([^,)]+)/.exec(line);
    return match?.[1] && match[2] && match[3] ? [{ source: match[1], path: match[2], type: match[3] }] : [];
  });
}

async function windowsDrives(): Promise<readonly Mount[]> {
  const letters = [...'CDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `${letter}:\\`);
  const found = await Promise.all(
    letters.map((path) =>
      stat(path).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return found.flatMap((path) => (path ? [{ source: path, path, type: 'ntfs' }] : []));
}
