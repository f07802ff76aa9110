import { describe, expect, it } from 'vitest';
import {
  checkPackLayout,
  encodePackHeader,
  encodePackHeaderLength,
  type PackEntry,
  packFileSize,
  parsePackHeader,
  readPackHeaderLength,
} from '../../../../main/engine/format/pack.ts';
import type { BlobId } from '../../../../main/engine/ids.ts';
import { hex, toHex } from '../../../support/bytes.ts';

const id = (byte: string): BlobId => byte.repeat(32) as BlobId;
const entries: readonly PackEntry[] = [
  { type: 'data', id: id('aa'), offset: 0, length: 47, uncompressedLength: 0 },
  { type: 'tree', id: id('bb'), offset: 47, length: 300, uncompressedLength: 0 },
  { type: 'data', id: id('cc'), offset: 347, length: 0x01020304, uncompressedLength: 0x05060708 },
  { type: 'tree', id: id('dd'), offset: 347 + 0x01020304, length: 32, uncompressedLength: 1 },
];
const damaged = expect.objectContaining({ code: 'repo/damaged' });

describe('a pack header', () => {
  it('has a type byte, little-endian lengths and the id', () => {
    expect(toHex(encodePackHeader(entries))).toBe(
      `002f000000${'aa'.repeat(32)}012c010000${'bb'.repeat(32)}020403020108070605${'cc'.repeat(32)}` +
        `032000000001000000${'dd'.repeat(32)}`,
    );
  });

  it('is read back with offsets as running sums', () => {
    expect(parsePackHeader(encodePackHeader(entries))).toEqual(entries);
  });

  it.each([
    ['nothing', ''],
    ['an unknown type', `042f000000${'aa'.repeat(32)}`],
    ['an entry that is cut off', `002f000000${'aa'.repeat(31)}`],
    ['a compressed entry as short as a raw one', `022f000000${'aa'.repeat(32)}`],
    ['an empty compressed blob', `022f00000000000000${'aa'.repeat(32)}`],
    ['a blob shorter than its seal', `001f000000${'aa'.repeat(32)}`],
    ['more than 4 GiB', `00ffffffff${'aa'.repeat(32)}00ffffffff${'aa'.repeat(32)}`],
  ])('is refused with %s', (_what, bytes) => {
    expect(() => parsePackHeader(hex(bytes))).toThrow(damaged);
  });

  it('cannot be written with gaps or with lengths that do not fit', () => {
    const [first] = entries as [PackEntry];
    for (const wrong of [{ offset: 1 }, { length: 2 ** 32 }, { length: 31 }, { uncompressedLength: -1 }]) {
      expect(() => encodePackHeader([{ ...first, ...wrong }])).toThrow(expect.objectContaining({ code: 'internal' }));
    }
  });
});

describe('the end of a pack file', () => {
  it('holds the length of the sealed header', () => {
    expect(toHex(encodePackHeaderLength(69))).toBe('45000000');
    expect(readPackHeaderLength(hex('45000000'))).toBe(69);
  });

  it.each(['44000000', '00000000', 'ffffffff', '450000'])('is refused when it says %s', (bytes) => {
    expect(() => readPackHeaderLength(hex(bytes))).toThrow(damaged);
  });

  it('may not claim more than the file has', () => {
    expect(() => readPackHeaderLength(hex('45000000'), 72)).toThrow(damaged);
    expect(readPackHeaderLength(hex('45000000'), 73)).toBe(69);
  });
});

describe('the layout of a pack', () => {
  it('holds when entries and header fill the file', () => {
    const size = packFileSize(entries);
    expect(size).toBe(47 + 300 + 0x01020304 + 32 + 37 + 37 + 41 + 41 + 36);
    expect(() => checkPackLayout([...entries].reverse(), size)).not.toThrow();
    expect(() => checkPackLayout(entries, size + 1)).toThrow(damaged);
    expect(() => checkPackLayout(entries.slice(1), size - 47 - 37)).toThrow(damaged);
    expect(() => checkPackLayout([], 36)).toThrow(damaged);
  });
});
