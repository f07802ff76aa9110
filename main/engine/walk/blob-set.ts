import type { BlobType } from '../format/pack.ts';
import type { BlobId } from '../ids.ts';
import { IdTable } from '../repository/id-table.ts';

/** A set of blobs, about 50 bytes each: what is used, what was seen. */
export class BlobSet {
  readonly #tables = { data: new IdTable(), tree: new IdTable() };
  readonly #key = Buffer.alloc(32);

  get size(): number {
    return this.#tables.data.size + this.#tables.tree.size;
  }

  has(type: BlobType, id: BlobId): boolean {
    this.#key.write(id, 'hex');
    return this.#tables[type].find(this.#key) !== -1;
  }

  /** Gives `known` when the blob was in the set already. */
  add(type: BlobType, id: BlobId): 'added' | 'known' {
    this.#key.write(id, 'hex');
    const table = this.#tables[type];
    if (table.find(this.#key) !== -1) return 'known';
    table.add(this.#key);
    return 'added';
  }
}
