import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bulkMemory, isBulkMemory } from '../../../../main/engine/store/bulk-memory.ts';
import { BLOCK_BYTES } from '../../../../main/engine/store/direct-files.ts';
import { readWhole, writeDurably } from '../../../../main/engine/store/local-files.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('bulk-memory');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder.remove();
});

it.each([1, 65_536, 65_537, 18 * 1024 * 1024])('has room for %i bytes at least, all of them 0', (bytes) => {
  const memory = new Uint8Array(bulkMemory(bytes));
  expect(memory.length).toBeGreaterThanOrEqual(bytes);
  expect(isBulkMemory(memory.subarray(1))).toBe(true);
  expect(Buffer.alloc(memory.length).equals(memory)).toBe(true);
});

it('makes do with other memory when the addresses for WebAssembly are used up', async () => {
  vi.spyOn(WebAssembly, 'Memory').mockImplementation(function refuse() {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  });
  const content = randomBytes(3_000_001);
  const bytes = Buffer.from(bulkMemory(content.length)).subarray(0, content.length);
  bytes.set(content);
  const path = join(folder.path, 'pack');
  await writeDurably(path, bytes);
  expect((await readFile(path)).equals(content)).toBe(true);
  const room = new Uint8Array(bulkMemory(content.length + 2 * BLOCK_BYTES));
  const part = await readWhole(path, { offset: 4097, length: 2_000_000, room });
  expect(Buffer.compare(part, content.subarray(4097, 2_004_097))).toBe(0);
});
