import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytePathOf, bytesOf, forSystem, joinBytePath, textOf } from '../../../../main/engine/backup/byte-path.ts';

const bytes = fc.uint8Array({ maxLength: 30 });

it('holds any bytes, and text as UTF-8', () => {
  fc.assert(
    fc.property(bytes, (raw) => {
      expect([...bytesOf(bytePathOf(raw))]).toEqual([...raw]);
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      (text) => {
        const path = bytePathOf(text);
        expect(textOf(path)).toBe(text);
        expect(Buffer.from(forSystem(path))).toEqual(Buffer.from(text));
      },
    ),
  );
});

it('sorts as raw bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const order = Buffer.compare(a, b);
      const names = [bytePathOf(b), bytePathOf(a)].sort();
      expect(names[0]).toBe(bytePathOf(order <= 0 ? a : b));
    }),
  );
});

it('joins with one slash', () => {
  expect(joinBytePath(bytePathOf('/'), bytePathOf('a'))).toBe('/a');
  expect(joinBytePath(bytePathOf('/ä'), bytePathOf(Uint8Array.of(0xff)))).toBe('/\xc3\xa4/\xff');
});
