import { closeSync, openSync, readFileSync, statfsSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BytePath, bytePathOf } from '../../../../main/engine/backup/byte-path.ts';
import { openLongFile } from '../../../../main/engine/workers/long-file-reader.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

/** The readings of a stretch: which file, how many bytes, from where; a hook may refuse them. */
const readings = vi.hoisted(() => ({
  all: [] as { readonly length: number; readonly position: number }[],
  hook: (_length: number): void => undefined,
}));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const readSync = (fd: number, target: Uint8Array, at: number, length: number, position: number): number => {
    readings.all.push({ length, position });
    readings.hook(length);
    return real.readSync(fd, target, at, length, position);
  };
  return { ...real, readSync };
});

const WINDOW = 2 * 1024 * 1024;
const SIZE = 3 * WINDOW + 12_345;
const EXT = 0xef53;

let scratch: TemporaryFolder;
let path: BytePath;
let content: Buffer;

beforeEach(async () => {
  scratch = await temporaryFolder('long-file-reader');
  const name = join(scratch.path, 'disk.img');
  writeFileSync(name, '');
  truncateSync(name, SIZE);
  const fd = openSync(name, 'r+');
  for (const at of [0, 5000, WINDOW - 3, WINDOW + 700_000, SIZE - 20]) writeSync(fd, `island at ${at}`, at);
  closeSync(fd);
  content = readFileSync(name);
  path = bytePathOf(name);
  readings.all.length = 0;
  readings.hook = () => undefined;
});
afterEach(() => scratch.remove());

function readAll(position: number, length: number): Buffer {
  const file = openLongFile(path);
  try {
    const target = Buffer.alloc(length + 10, 0xee);
    let end = 5;
    for (let got = -1; got !== 0 && end < length + 5; end += got) {
      got = file.read(target, end, length + 5 - end, position + end - 5);
    }
    expect(target.subarray(0, 5)).toEqual(Buffer.alloc(5, 0xee));
    expect(target.subarray(end, end + 5)).toEqual(Buffer.alloc(5, 0xee));
    return target.subarray(5, end);
  } finally {
    file.close();
  }
}

const places = fc.tuple(fc.integer({ min: 0, max: SIZE + 5000 }), fc.integer({ min: 1, max: 3 * WINDOW }));

it('gives what is in a file of holes, from any place, up to its end and not beyond', () => {
  fc.assert(
    fc.property(places, ([position, length]) => {
      expect(readAll(position, length).equals(content.subarray(position, position + length))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('reads holes in whole windows past the cache, where the file system is known to allow it', () => {
  readAll(5000, 1000);
  const isExt = statfsSync(scratch.path).type === EXT;
  expect(readings.all).toEqual([isExt ? { length: WINDOW, position: 4096 } : { length: 1000, position: 5000 }]);
});

it('reads a file without holes as every other file', () => {
  writeFileSync(path, Buffer.alloc(SIZE, 7));
  readAll(5000, 1000);
  expect(readings.all).toEqual([{ length: 1000, position: 5000 }]);
});

it('reads in the usual way what the system refuses to read past its cache', () => {
  readings.hook = (length) => {
    if (length === WINDOW) throw Object.assign(new Error('EINVAL: invalid argument, read'), { code: 'EINVAL' });
  };
  expect(readAll(10, SIZE - 100).equals(content.subarray(10, SIZE - 90))).toBe(true);
});
