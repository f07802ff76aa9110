import { randomBytes } from 'node:crypto';
import { generateMasterKey } from '../../main/engine/format/key-file.ts';
import { generatePolynomial } from '../../main/engine/format/polynomial.ts';
import { BackupPool } from '../../main/engine/workers/backup-pool.ts';

const random = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(bytes));

/** The pipeline's workers for a destination that has everything: nothing is stored, and all content gets its ids. */
export function poolThatStoresNothing(workers: number): BackupPool {
  const pool = new BackupPool(workers, 'now');
  pool.begin({
    keys: [generateMasterKey(random)],
    chunkerPolynomial: generatePolynomial(random).toString(16),
    compressionLevel: 2,
  });
  pool.serve({
    claim: (ids) => new Uint32Array(ids.length / 32),
    storePack: async () => undefined,
    bytesRead: () => undefined,
  });
  return pool;
}
