/** What statfs(2) calls the kinds of file systems that are treated in a way of their own. */
export const EXT = 0xef53;
export const XFS = 0x58465342;
export const BTRFS = 0x9123683e;
export const F2FS = 0xf2f52010;
export const ZFS = 0x2fc12fc1;
export const TMPFS = 0x01021994;
/** Its files lie on one of the others. */
export const OVERLAY = 0x794c7630;
