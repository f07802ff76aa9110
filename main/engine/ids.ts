/** Branded ids: each is the lower-case hex SHA-256 (64 digits) that names one kind of thing in a repository. */

declare const brand: unique symbol;
type Id<Kind extends string> = string & { readonly [brand]: { readonly [K in Kind]: true } };

/** SHA-256 of a blob's uncompressed plaintext (data or tree). */
export type BlobId = Id<'blob'>;
/** SHA-256 of a tree blob; every tree id is a blob id. */
export type TreeId = BlobId & Id<'tree'>;
/** SHA-256 of a whole pack file. */
export type PackId = Id<'pack'>;
/** SHA-256 of the stored (sealed) snapshot file. */
export type SnapshotId = Id<'snapshot'>;
export type IndexId = Id<'index'>;
export type LockId = Id<'lock'>;
export type KeyId = Id<'key'>;

const HEX_ID = /^[0-9a-f]{64}$/;

/** True for 64 lower-case hex digits, the only form a repository file name may have. */
export function isId(text: string): boolean {
  return HEX_ID.test(text);
}
