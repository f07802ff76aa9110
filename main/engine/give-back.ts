/**
 * Gives memory back at once that nobody reads any more; the view is empty after that. Left to the collector it would stay:
 * a thread may gather 64 MB of such memory before V8 looks, and the heaps of the system's allocator grow around it. Memory
 * that others have views into (the pool that Node cuts small buffers from) stays as it is.
 */
export function giveBack({ buffer, byteLength }: ArrayBufferView): void {
  if (buffer instanceof ArrayBuffer && byteLength > 0 && buffer.byteLength === byteLength) buffer.transfer(0);
}
