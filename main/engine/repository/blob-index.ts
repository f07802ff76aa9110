import { hasCode, TriplicateError, toWire, type WireError } from '../errors.ts';
import { SEAL_OVERHEAD } from '../format/crypto.ts';
import { decodeIndex, type IndexedPack, type StoredPack } from '../format/index-file.ts';
import { type PackColumns, scanIndex } from '../format/index-scan.ts';
import {
  type BlobType,
  PACK_HEADER_OVERHEAD,
  type PackEntry,
  PackHeaderBlobs,
  PackHeaderRows,
  packEntrySize,
} from '../format/pack.ts';
import { giveBack } from '../give-back.ts';
import type { BlobId, IndexId, PackId } from '../ids.ts';
import { IdTable } from './id-table.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';
import { hiddenIndexFiles } from './unlisted.ts';
import { readUnpackedBytes } from './unpacked-files.ts';

/** Where a blob lies; `uncompressedLength` 0 means that it is stored raw. Lengths and offsets in bytes. */
export interface BlobLocation {
  readonly packId: PackId;
  readonly offset: number;
  readonly length: number;
  readonly uncompressedLength: number;
}

/** Set in an entry's pack number when the blob is a tree. */
const TREE_BIT = 0x8000_0000;

/**
 * Which blob lies where, in typed arrays: about 60 bytes a blob. The same blob may lie in several packs, and the same
 * id may exist as data and as tree (format, section 6).
 */
export class BlobIndex {
  readonly #ids: IdTable;
  #packOf: Uint32Array;
  #offset: Uint32Array;
  #length: Uint32Array;
  #uncompressed: Uint32Array;
  readonly #packs: PackId[] = [];
  readonly #packNumbers = new Map<string, number>();
  /** Packs (by number) that count as absent. */
  #aside: ReadonlySet<number> = new Set();
  readonly #files = new Set<string>();
  readonly #key = Buffer.alloc(32);

  constructor(expectedBlobs = 1024) {
    this.#ids = new IdTable(expectedBlobs);
    this.#packOf = new Uint32Array(expectedBlobs);
    this.#offset = new Uint32Array(expectedBlobs);
    this.#length = new Uint32Array(expectedBlobs);
    this.#uncompressed = new Uint32Array(expectedBlobs);
  }

  get blobCount(): number {
    return this.#ids.size;
  }

  get packCount(): number {
    return this.#packs.length;
  }

  get memoryBytes(): number {
    return this.#ids.memoryBytes + this.#packOf.byteLength * 4;
  }

  /** The index file says something of what is in here. To be said before its packs are added. */
  noteFile(id: IndexId): void {
    this.#files.add(id);
  }

  /** Whether every index file that was noted is one of these: what another one said may no longer be so. */
  isFrom(present: ReadonlySet<string>): boolean {
    return this.#files.isSubsetOf(present);
  }

  /** Blobs of these packs count as absent from now on, and all others as present. */
  setAside(packs: Iterable<PackId>): void {
    this.#aside = new Set([...packs].flatMap((id) => this.#packNumbers.get(id) ?? []));
  }

  /** Whether anything counts as absent. */
  get hasSetAside(): boolean {
    return this.#aside.size > 0;
  }

  /** Everything in it, as parts that belong together; see `fromBytes`. */
  toBytes(): readonly Uint8Array[] {
    const counts = Uint32Array.of(this.#packs.length, this.blobCount);
    const columns = [this.#packOf, this.#offset, this.#length, this.#uncompressed];
    return [
      bytesOf(counts),
      Buffer.from(this.#packs.join(''), 'hex'),
      ...columns.map((column) => bytesOf(column.subarray(0, this.blobCount))),
      this.#ids.toBytes(),
    ];
  }

  /** @throws RangeError when the bytes are not those of an index */
  static fromBytes(bytes: Uint8Array): BlobIndex {
    let at = 0;
    const column = (count: number): Uint32Array => {
      // A copy of its own, which begins where numbers may.
      const numbers = new Uint32Array(new Uint8Array(bytes.subarray(at, at + count * 4)).buffer, 0, count);
      at += count * 4;
      return numbers;
    };
    const [packs = 0, blobs = 0] = column(2);
    const index = new BlobIndex(blobs);
    for (let number = 0; number < packs; number++, at += 32) {
      const id = Buffer.from(bytes.subarray(at, at + 32)).toString('hex') as PackId;
      index.#packs.push(id);
      index.#packNumbers.set(id, number);
    }
    index.#packOf = column(blobs);
    index.#offset = column(blobs);
    index.#length = column(blobs);
    index.#uncompressed = column(blobs);
    if (bytes.length !== at + blobs * 32) throw new RangeError('The bytes of an index do not fit together.');
    for (let entry = 0; entry < blobs; entry++, at += 32) index.#ids.add(bytes, at);
    return index;
  }

  /** Size in bytes that each pack file must have, by what the index says of its blobs. */
  packFileSizes(): ReadonlyMap<PackId, number> {
    const sizes = new Float64Array(this.#packs.length).fill(PACK_HEADER_OVERHEAD);
    for (let entry = 0; entry < this.blobCount; entry++) {
      const pack = this.#packNumber(entry);
      const length = (this.#length[entry] ?? 0) + packEntrySize(this.#uncompressed[entry] ?? 0);
      sizes[pack] = (sizes[pack] ?? 0) + length;
    }
    return new Map(this.#packs.map((id, number) => [id, sizes[number] ?? 0]));
  }

  hasPack(id: PackId): boolean {
    return this.#packNumbers.has(id);
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.#find(type, this.#bytesOf(id), 0) !== -1;
  }

  /** As `has`, for an id of 32 raw bytes at `offset`. */
  hasBytes(type: BlobType, id: Uint8Array, offset: number): boolean {
    return this.#find(type, id, offset) !== -1;
  }

  lookup(type: BlobType, id: BlobId): BlobLocation | undefined {
    const entry = this.#find(type, this.#bytesOf(id), 0);
    return entry === -1 ? undefined : this.#location(entry);
  }

  /** The number of a place where the blob lies, or -1: for lists of many blobs, where an object for each would be too much. */
  numberOf(type: BlobType, id: BlobId): number {
    return this.#find(type, this.#bytesOf(id), 0);
  }

  /** As `numberOf`, for an id of 32 raw bytes at `offset`. */
  numberOfBytes(type: BlobType, id: Uint8Array, offset: number): number {
    return this.#find(type, id, offset);
  }

  /** Bytes of the plaintext of the blob with this number. */
  plainLengthAt(number: number): number {
    return this.#uncompressed[number] || (this.#length[number] ?? 0) - SEAL_OVERHEAD;
  }

  /** The 32 raw bytes of the id of the blob with this number: a view that is valid until the index grows. */
  idBytesAt(number: number): Uint8Array {
    return this.#ids.idBytes(number);
  }

  /** Where the blob with this number lies. */
  placeAt(number: number): BlobLocation {
    return this.#location(number);
  }

  /** The blob with this number. */
  blobAt(number: number): PackEntry & { readonly packId: PackId } {
    return { ...this.#entry(number), packId: this.#packs[this.#packNumber(number)] as PackId };
  }

  /** Orders blobs by pack and by their place in it. */
  compareByPlace(a: number, b: number): number {
    return this.#packNumber(a) - this.#packNumber(b) || this.#offsetOf(a) - this.#offsetOf(b);
  }

  /** Every place where the blob lies: when one copy is damaged, another may be good. */
  lookupAll(type: BlobType, id: BlobId): readonly BlobLocation[] {
    const bytes = this.#bytesOf(id);
    const found: BlobLocation[] = [];
    for (let entry = this.#ids.find(bytes); entry !== -1; entry = this.#ids.findFrom(bytes, 0, entry)) {
      if (this.#isType(entry, type)) found.push(this.#location(entry));
    }
    return found;
  }

  /** Adds a pack's blobs; a pack that is there already is left as it is. */
  addPack({ id: packId, blobs }: StoredPack): void {
    const number = this.#newPack(packId);
    if (number === undefined) return;
    if (blobs instanceof PackHeaderBlobs) {
      const rows = new PackHeaderRows(blobs.header);
      while (rows.next()) this.#add(number, blobs.header, rows.idAt, rows);
      return;
    }
    for (const { id, type, ...place } of blobs) {
      this.#add(number, this.#bytesOf(id), 0, { isTree: type === 'tree', ...place });
    }
  }

  /** As `addPack`, without an object for each blob. */
  addColumns(pack: PackColumns): void {
    const number = this.#newPack(pack.id);
    if (number === undefined) return;
    const row = { isTree: false, offset: 0, length: 0, uncompressedLength: 0 };
    for (let n = 0; n < pack.count; n++) {
      row.isTree = pack.isTree[n] === 1;
      row.offset = pack.offsets[n] ?? 0;
      row.length = pack.lengths[n] ?? 0;
      row.uncompressedLength = pack.uncompressedLengths[n] ?? 0;
      this.#add(number, pack.ids, n * 32, row);
    }
  }

  /** Every pack with its blobs, in the order of their offsets. */
  *packs(): Generator<IndexedPack> {
    const order = new Uint32Array(this.blobCount).map((_, entry) => entry);
    order.sort((a, b) => this.compareByPlace(a, b));
    let next = 0;
    for (const [number, id] of this.#packs.entries()) {
      const blobs: PackEntry[] = [];
      while (next < order.length && this.#packNumber(order[next] ?? 0) === number) {
        blobs.push(this.#entry(order[next++] ?? 0));
      }
      yield { id, blobs };
    }
  }

  /** The number of a pack that is to be added; undefined when it is there already. */
  #newPack(id: PackId): number | undefined {
    if (this.#packNumbers.has(id)) return undefined;
    const number = this.#packs.length;
    this.#packs.push(id);
    this.#packNumbers.set(id, number);
    return number;
  }

  /** A blob of the pack with this number; its id: 32 bytes at `at`. */
  #add(pack: number, ids: Uint8Array, at: number, blob: BlobRow): void {
    const entry = this.#ids.add(ids, at);
    if (entry >= this.#packOf.length) this.#grow();
    this.#packOf[entry] = (blob.isTree ? pack | TREE_BIT : pack) >>> 0;
    this.#offset[entry] = blob.offset;
    this.#length[entry] = blob.length;
    this.#uncompressed[entry] = blob.uncompressedLength;
  }

  #bytesOf(id: string): Uint8Array {
    this.#key.write(id, 'hex');
    return this.#key;
  }

  #find(type: BlobType, bytes: Uint8Array, offset: number): number {
    let entry = this.#ids.find(bytes, offset);
    while (entry !== -1 && !(this.#isType(entry, type) && this.#counts(entry)))
      entry = this.#ids.findFrom(bytes, offset, entry);
    return entry;
  }

  #counts(entry: number): boolean {
    return this.#aside.size === 0 || !this.#aside.has(this.#packNumber(entry));
  }

  #isType(entry: number, type: BlobType): boolean {
    return (this.#packOf[entry] ?? 0) >= TREE_BIT === (type === 'tree');
  }

  #packNumber(entry: number): number {
    return (this.#packOf[entry] ?? 0) % TREE_BIT;
  }

  #offsetOf(entry: number): number {
    return this.#offset[entry] ?? 0;
  }

  #location(entry: number): BlobLocation {
    return {
      packId: this.#packs[this.#packNumber(entry)] as PackId,
      offset: this.#offsetOf(entry),
      length: this.#length[entry] ?? 0,
      uncompressedLength: this.#uncompressed[entry] ?? 0,
    };
  }

  #entry(entry: number): PackEntry {
    const { offset, length, uncompressedLength } = this.#location(entry);
    const id = Buffer.from(this.#ids.idBytes(entry)).toString('hex') as BlobId;
    return { type: this.#isType(entry, 'tree') ? 'tree' : 'data', id, offset, length, uncompressedLength };
  }

  #grow(): void {
    const capacity = Math.ceil(this.#packOf.length * 1.5) + 16;
    const widen = (old: Uint32Array): Uint32Array => {
      const wider = new Uint32Array(capacity);
      wider.set(old);
      giveBack(old);
      return wider;
    };
    this.#packOf = widen(this.#packOf);
    this.#offset = widen(this.#offset);
    this.#length = widen(this.#length);
    this.#uncompressed = widen(this.#uncompressed);
  }
}

/** A blob in its pack. */
interface BlobRow {
  readonly isTree: boolean;
  readonly offset: number;
  readonly length: number;
  readonly uncompressedLength: number;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export interface LoadedIndex {
  readonly index: BlobIndex;
  /** The index files that were read. */
  readonly indexIds: readonly IndexId[];
  /** Index files that could not be read; only ever non-empty when `tolerant` was asked for. */
  readonly damaged: readonly { readonly id: string; readonly error: WireError }[];
}

/**
 * Reads all index files into one index.
 * @param options.known an index and its files from an earlier load: only new files are read, if none of the old vanished. One that
 *   is not listed is asked for by name.
 * @throws `repo/damaged` when a file cannot be read, and `store/list-incomplete` when a known one is there and not listed, unless
 *   `onDamage` is `report`; `store/…`
 */
export async function loadIndex(
  repository: Repository,
  options: { readonly onDamage?: 'throw' | 'report'; readonly known?: LoadedIndex; readonly signal?: AbortSignal } = {},
): Promise<LoadedIndex> {
  const { known, signal, onDamage } = options;
  const listed = await repository.store.list('index', signal);
  const names = new Set(listed.map(({ id }) => id));
  // A list that came back empty looks like one after which everything has to be stored again.
  const asked = { hidden: onDamage === 'report' ? 'give' : 'refuse', ...(signal ? { signal } : {}) } as const;
  const hidden = await hiddenIndexFiles(repository, known?.indexIds ?? [], names, asked);
  const files = [...listed, ...hidden.map((id) => ({ id, size: 0 }))];
  const present = new Set(files.map(({ id }) => id));
  // A run that failed has added to the index and left `indexIds` as they were: the index itself knows better.
  const isGood = options.known?.indexIds.every((id) => present.has(id)) && options.known.index.isFrom(present);
  const reuse = isGood ? options.known : undefined;
  const index = reuse?.index ?? new BlobIndex(Math.ceil(files.reduce((sum, { size }) => sum + size, 0) / 40) + 64);
  const read = new Set<string>(reuse?.indexIds ?? []);
  const damaged: { id: string; error: WireError }[] = [];
  const missing = files.filter(({ id }) => !read.has(id));
  await inParallel(missing, repository.store.capabilities.connections, async ({ id }) => {
    try {
      const json = await readUnpackedBytes(repository, { type: 'index', id }, options.signal);
      // All of a file or nothing: what a damaged one names is for `repair` to find out.
      const scanned = scanIndex(json);
      const packs = scanned ? [] : decodeIndex(Buffer.from(json).toString('utf8')).packs;
      index.noteFile(id as IndexId);
      for (const pack of scanned ?? []) index.addColumns(pack);
      for (const pack of packs) index.addPack(pack);
      read.add(id);
    } catch (error) {
      // Some places still list for a while what was removed: whoever only reads goes on with the others.
      const isGone = onDamage === 'report' && hasCode(error, 'store/not-found');
      if (!isGone && !hasCode(error, 'repo/damaged', 'store/corrupt')) throw error;
      if (onDamage !== 'report') {
        throw new TriplicateError('repo/damaged', `The index file ${id.slice(0, 8)} is damaged.`, {
          data: { type: 'index', id },
          hint: 'No data was changed. `triplicate repo repair index LOCATION` makes the index anew from the packs.',
          cause: error,
        });
      }
      damaged.push({ id, error: toWire(error) });
    }
  });
  return { index, indexIds: [...read] as IndexId[], damaged };
}
