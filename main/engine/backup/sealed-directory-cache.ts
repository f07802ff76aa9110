import { hash } from 'node:crypto';
import type { Nanoseconds } from '../clock.ts';
import { open, seal } from '../format/crypto.ts';
import { DirectoryCache } from './directory-cache.ts';
import type { OwnerNames } from './owner-names.ts';
import type { ScanRequest } from './request.ts';
import type { SelectionRules } from './selection.ts';

/**
 * After this long the directories of the parent are read again, all of them: who never reads them would never notice that
 * one is damaged.
 */
const LONGEST_NS = 7n * 24n * 3_600n * 1_000_000_000n;
const VERSION = 1;

/** A destination as far as the cache depends on it. */
export interface CachedDestination {
  readonly repositoryId: string;
  /** Its index files. While all of them are there, nothing that they name has been removed. */
  readonly indexIds: readonly string[];
}

/** What a cache is good for. */
export interface CacheScope {
  /** See `scanDigest`. */
  readonly scan: string;
  readonly owners: OwnerNames;
  readonly destinations: readonly CachedDestination[];
  /** When the scan was begun. */
  readonly now: Nanoseconds;
  /** When the snapshot that the scan compares with was begun; null without one. */
  readonly parentTime: Nanoseconds | null;
}

interface Header {
  readonly version: number;
  readonly scan: string;
  /** When the scan that left it was begun: nanoseconds since 1970, as text. */
  readonly scannedAt: string;
  /** When the directories of the parent were read last: nanoseconds since 1970, as text. */
  readonly readAt: string;
  readonly users: readonly (readonly [number, string])[];
  readonly groups: readonly (readonly [number, string])[];
  readonly destinations: readonly CachedDestination[];
}

type CacheKey = Parameters<typeof seal>[0];

export interface OpenedCache {
  readonly cache: DirectoryCache;
  readonly readAt: Nanoseconds;
}

/** What decides which entries a scan takes in, as text that no other scan has. */
export function scanDigest({ paths, workingDirectory }: ScanRequest, rules: SelectionRules): string {
  return hash('sha256', JSON.stringify([paths, workingDirectory, rules]), 'hex');
}

/** Sealed, as it tells the content of a repository apart, and so that nothing is believed that is damaged or from elsewhere. */
export function sealDirectoryCache(
  { cache, readAt }: OpenedCache,
  { scan, owners, destinations, now }: CacheScope,
  key: CacheKey,
  iv: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header: Header = {
    version: VERSION,
    scan,
    scannedAt: String(now),
    readAt: String(readAt),
    ...owners.known(),
    destinations,
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return seal(key, iv, Buffer.concat([length, json, cache.toBytes()]));
}

/** Null when it is not one for this scan, its destinations, and today: then everything is compared with the parent. */
export function openDirectoryCache(sealed: Uint8Array, scope: CacheScope, key: CacheKey): OpenedCache | null {
  let plain: Uint8Array;
  let header: Header;
  try {
    plain = open(key, sealed);
    const end = 4 + Buffer.from(plain.buffer, plain.byteOffset, plain.length).readUInt32LE(0);
    header = JSON.parse(Buffer.from(plain.subarray(4, end)).toString());
    plain = plain.subarray(end);
  } catch {
    return null;
  }
  if (header.version !== VERSION || header.scan !== scope.scan) return null;
  // What an earlier snapshot does not have is new to it, whatever a later scan knew.
  if (scope.parentTime === null || scope.parentTime < BigInt(header.scannedAt)) return null;
  const readAt = BigInt(header.readAt);
  const age = scope.now - readAt;
  if (age < 0n || age > LONGEST_NS) return null;
  if (!scope.destinations.every((destination) => hasAllOf(destination, header.destinations))) return null;
  const { owners } = scope;
  const sameNames =
    header.users.every(([uid, name]) => owners.user(uid) === name) &&
    header.groups.every(([gid, name]) => owners.group(gid) === name);
  return sameNames ? { cache: DirectoryCache.fromBytes(plain), readAt } : null;
}

/** Whether a destination still has every index file that it had then. */
function hasAllOf({ repositoryId, indexIds }: CachedDestination, then: readonly CachedDestination[]): boolean {
  const known = then.find((destination) => destination.repositoryId === repositoryId);
  const now = new Set(indexIds);
  return known?.indexIds.every((id) => now.has(id)) === true;
}
