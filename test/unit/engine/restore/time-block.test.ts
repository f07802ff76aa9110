import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTimeBlock, TimeBlock } from '../../../../main/engine/restore/time-block.ts';

const instant = fc.record({
  seconds: fc.oneof(
    fc.constantFrom(0, -1, 9, 10, 99, 100, -62_135_596_800, 253_402_300_799),
    fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }),
  ),
  nanos: fc.oneof(fc.constantFrom(0, 1, 999_999_999), fc.nat(999_999_999)),
});
const path = fc
  .uint8Array({ minLength: 1, maxLength: 400 })
  .map((bytes) => Buffer.from(bytes.map((byte) => byte || 0x2f)));
const times = fc.record({ path, atime: instant, mtime: instant });

describe('a block of times', () => {
  it('says what was put in, as the helper program and as we read it', () => {
    fc.assert(
      fc.property(fc.array(times, { maxLength: 300 }), (wanted) => {
        const block = new TimeBlock();
        for (const one of wanted) block.add(one.path, one.atime, one.mtime);
        const bytes = block.take();
        expect([...readTimeBlock(bytes)]).toEqual(wanted);
        const texts = wanted.map(
          ({ path: at, atime, mtime }) =>
            `${atime.seconds} ${atime.nanos} ${mtime.seconds} ${mtime.nanos}\0${at.toString('latin1')}\0`,
        );
        expect(bytes.toString('latin1')).toBe(texts.join(''));
        expect(block.take()).toHaveLength(0);
      }),
      { numRuns: 100 },
    );
  });
});
