/**
 * Go's FileMode, which tree nodes carry, and POSIX st_mode (format, section 8.4). Arithmetic instead of `|`: bit 31
 * would make a 32-bit operation negative.
 */

const MODE_DIR = 2 ** 31;
const MODE_SYMLINK = 2 ** 27;
const MODE_DEVICE = 2 ** 26;
const MODE_FIFO = 2 ** 25;
const MODE_SOCKET = 2 ** 24;
const MODE_SETUID = 2 ** 23;
const MODE_SETGID = 2 ** 22;
const MODE_CHAR_DEVICE = 2 ** 21;
const MODE_STICKY = 2 ** 20;
const MODE_IRREGULAR = 2 ** 19;

const S_IFMT = 0o170000;
const S_ISUID = 0o4000;
const S_ISGID = 0o2000;
const S_ISVTX = 0o1000;

const KINDS: ReadonlyMap<number, number> = new Map([
  [0o100000, 0],
  [0o040000, MODE_DIR],
  [0o120000, MODE_SYMLINK],
  [0o060000, MODE_DEVICE],
  [0o020000, MODE_DEVICE + MODE_CHAR_DEVICE],
  [0o010000, MODE_FIFO],
  [0o140000, MODE_SOCKET],
]);

/** The mode of a tree node for a file with this st_mode. */
export function goModeOf(stMode: number): number {
  const kind = KINDS.get(stMode & S_IFMT) ?? MODE_IRREGULAR;
  const special =
    ((stMode & S_ISUID) === 0 ? 0 : MODE_SETUID) +
    ((stMode & S_ISGID) === 0 ? 0 : MODE_SETGID) +
    ((stMode & S_ISVTX) === 0 ? 0 : MODE_STICKY);
  return kind + special + (stMode & 0o777);
}

/** The bits that chmod takes: permissions, setuid, setgid, sticky. */
export function permissionsOf(goMode: number): number {
  return (
    (goMode % 0o1000) +
    (hasBit(goMode, MODE_SETUID) ? S_ISUID : 0) +
    (hasBit(goMode, MODE_SETGID) ? S_ISGID : 0) +
    (hasBit(goMode, MODE_STICKY) ? S_ISVTX : 0)
  );
}

/** The st_mode of a tree node's mode; an irregular one has no file kind. */
export function stModeOf(goMode: number): number {
  return permissionsOf(goMode) + kindOf(goMode);
}

function kindOf(goMode: number): number {
  if (hasBit(goMode, MODE_DIR)) return 0o040000;
  if (hasBit(goMode, MODE_SYMLINK)) return 0o120000;
  if (hasBit(goMode, MODE_DEVICE)) return hasBit(goMode, MODE_CHAR_DEVICE) ? 0o020000 : 0o060000;
  if (hasBit(goMode, MODE_FIFO)) return 0o010000;
  if (hasBit(goMode, MODE_SOCKET)) return 0o140000;
  return hasBit(goMode, MODE_IRREGULAR) ? 0 : 0o100000;
}

function hasBit(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1;
}
