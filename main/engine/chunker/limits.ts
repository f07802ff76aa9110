/** restic's chunk sizes (format, section 12), in bytes. The average is a little above the minimum plus 1 MiB. */
export const MIN_CHUNK = 512 * 1024;
export const MAX_CHUNK = 8 * 1024 * 1024;
/** Bytes that the rolling hash looks at. */
export const WINDOW_BYTES = 64;
/** A chunk ends where these bits of the digest are zero. */
export const CUT_MASK = 0xf_ffff;
