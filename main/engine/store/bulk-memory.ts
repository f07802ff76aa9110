const PAGE_BYTES = 65_536;

/**
 * Memory for bulk transfers, of at least `bytes`. It begins at a page, as `O_DIRECT` demands, which Node's own buffers do
 * not; and threads share it, so that nothing is handed over. The collector does not count it (a pack of 16 MiB that
 * crosses to another thread as a transfer makes it mark the whole heap there), so it does not hurry to free it either:
 * whoever makes it keeps it for the next use.
 *
 * Each memory of WebAssembly reserves 10 GB of addresses, of which Electron has 1 TB in all (V8's sandbox) and a process under
 * `ulimit -v` hardly any. Where they are used up it is ordinary shared memory, which the system may refuse to write from
 * directly.
 */
export function bulkMemory(bytes: number): SharedArrayBuffer {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  return pagesOfWebAssembly(pages) ?? new SharedArrayBuffer(pages * PAGE_BYTES);
}

function pagesOfWebAssembly(pages: number): SharedArrayBuffer | undefined {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return buffer instanceof SharedArrayBuffer ? buffer : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether the bytes may begin at a page: nothing but `bulkMemory` makes shared memory here. */
export function isBulkMemory(bytes: Uint8Array): bytes is Uint8Array<SharedArrayBuffer> {
  return bytes.buffer instanceof SharedArrayBuffer;
}
