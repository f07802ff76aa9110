import { TriplicateError } from '../errors.ts';

const PAGE_BYTES = 65_536;

/**
 * Memory for bulk transfers, of at least `bytes`. It begins at a page, as `O_DIRECT` demands, which Node's own buffers do
 * not; and threads share it, so that nothing is handed over. The collector does not count it (a pack of 16 MiB that
 * crosses to another thread as a transfer makes it mark the whole heap there), so it does not hurry to free it either:
 * whoever makes it keeps it for the next use.
 */
export function bulkMemory(bytes: number): SharedArrayBuffer {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  if (!(buffer instanceof SharedArrayBuffer)) throw new TriplicateError('internal', 'Memory could not be shared.');
  return buffer;
}

/** Whether the bytes may begin at a page: nothing but `bulkMemory` makes shared memory here. */
export function isBulkMemory(bytes: Uint8Array): bytes is Uint8Array<SharedArrayBuffer> {
  return bytes.buffer instanceof SharedArrayBuffer;
}
