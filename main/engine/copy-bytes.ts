/** From here on the call to the system's library is worth its way. */
const LARGE_BYTES = 256;

/**
 * Copies `source` into `target` at `offset`, where there is room for it. `set` goes byte by byte when either is memory that
 * threads share; `fill` with bytes, which Buffers have, leaves it to the system's library. They may be the same memory if the
 * place is the same.
 */
export function copyBytes(source: Uint8Array, target: Uint8Array, offset: number): void {
  const isShared = source.buffer instanceof SharedArrayBuffer || target.buffer instanceof SharedArrayBuffer;
  if (!isShared || source.length < LARGE_BYTES) return target.set(source, offset);
  const room = Buffer.from(target.buffer, target.byteOffset + offset, source.length);
  room.fill(source);
}
