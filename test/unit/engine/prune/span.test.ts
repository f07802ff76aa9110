import { expect, it } from 'vitest';
import type { PackEntry } from '../../../../main/engine/format/pack.ts';
import type { BlobId } from '../../../../main/engine/ids.ts';
import { spanOf } from '../../../../main/engine/prune/span.ts';

it('spans a pack of very many tiny blobs, as restic makes them', () => {
  const id = '0'.repeat(64) as BlobId;
  const blobs = Array.from(
    { length: 350_000 },
    (_, n): PackEntry => ({ type: 'data', id, offset: 100 + n * 40, length: 40, uncompressedLength: 0 }),
  );
  expect(spanOf(blobs)).toEqual({ offset: 100, length: 350_000 * 40 });
});
