import { TriplicateError } from '../errors.ts';
import type { BlobId, TreeId } from '../ids.ts';
import { decodeBase64, JsonObject, parseJson } from './json-document.ts';
import { unquoteName } from './name.ts';
import { type Timestamp, timestampOf, ZERO_TIME } from './time.ts';
import type { ExtendedAttribute, NodeType, TreeNode } from './tree.ts';

/**
 * The nodes of a tree blob, sorted by raw name whatever their order in it, tolerant as restic is (format, section 8.5). What would mislead a
 * restore is refused: an unknown type, a bad number, a file without content, a directory without its tree.
 * @throws `repo/damaged`
 */
export function decodeTree(bytes: Uint8Array): TreeNode[] {
  if (bytes.length > MAX_TREE_BYTES) throw damaged(`has ${bytes.length} bytes`);
  const document = parse(bytes);
  if (document === null) return [];
  const nodes = new JsonObject(document, WHAT).list('nodes') ?? [];
  const times = new TimeCache();
  return sorted(nodes.map((node) => nodeOf(node, times)));
}

/** One entry of a tree, from its JSON alone. @throws `repo/damaged` */
export function decodeNode(bytes: Uint8Array): TreeNode {
  return nodeOf(parse(bytes), new TimeCache());
}

function parse(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return BIG_NUMBER.test(text) ? parseExact(text) : parseJson(text, WHAT);
}

const WHAT = 'tree';
/** More than half a million entries; beyond it Node has no text of that length. */
export const MAX_TREE_BYTES = 256 * 1024 * 1024;
/** An integer that a double may not hold, such as the inode numbers of some file systems. */
const BIG_NUMBER = /[:\s]\d{16,}/;
export const MAX_UINT32 = 0xffff_ffff;
const MAX_UINT64 = 2n ** 64n - 1n;
const LOWER_CASE_ID = /^[0-9a-f]{64}$/;

function sorted(nodes: TreeNode[]): TreeNode[] {
  let previous: TreeNode | undefined;
  for (const node of nodes) {
    if (previous && Buffer.compare(previous.name, node.name) > 0) {
      return nodes.sort((a, b) => Buffer.compare(a.name, b.name));
    }
    previous = node;
  }
  return nodes;
}

/** The three times of a node are often the same text, and those of neighbours too. */
class TimeCache {
  #text: string | undefined;
  #time: Timestamp = ZERO_TIME;

  get(value: unknown): Timestamp {
    if (typeof value === 'string') {
      if (value !== this.#text) {
        this.#time = timestampOf(value);
        this.#text = value;
      }
      return this.#time;
    }
    if (value === undefined || value === null) return ZERO_TIME;
    throw damaged('has a time that is no text');
  }
}

/** A node's fields as JSON gives them, unchecked. */
type RawNode = Readonly<Partial<Record<string, unknown>>>;

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...['name', 'type', 'mode', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'user', 'group', 'inode', 'device_id', 'size'],
  ...['links', 'linktarget', 'extended_attributes', 'device', 'content', 'subtree', 'error'],
]);

function nodeOf(value: unknown, times: TimeCache): TreeNode {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged('has an entry without fields');
  const { raw, unknown } = sortFields(value as RawNode);
  const mtime = times.get(raw.mtime);
  const linkTarget = linkTargetOf(raw.linktarget, unknown);
  return {
    name: unquoteName(textOf(raw.name) ?? ''),
    type: typeOf(raw.type),
    mode: uint32(raw.mode),
    mtime,
    atime: times.get(raw.atime),
    ctime: times.get(raw.ctime),
    uid: uint32(raw.uid),
    gid: uint32(raw.gid),
    user: textOf(raw.user) ?? '',
    group: textOf(raw.group) ?? '',
    inode: uint64(raw.inode),
    deviceId: uint64(raw.device_id),
    size: safeCount(raw.size),
    links: safeCount(raw.links),
    linkTarget,
    extendedAttributes: attributesOf(raw.extended_attributes),
    device: safeCount(raw.device) || undefined,
    content: contentOf(raw.content, raw.type),
    subtree: subtreeOf(raw.subtree, raw.type),
    error: textOf(raw.error),
    unknown,
  };
}

/** Splits a node into the fields of the format and the rest; keys in another case are the known ones to restic. */
function sortFields(node: RawNode): { raw: RawNode; unknown: Record<string, unknown> | undefined } {
  let plain = true;
  for (const key in node) {
    if (!KNOWN_FIELDS.has(key)) {
      plain = false;
      break;
    }
  }
  if (plain) return { raw: node, unknown: undefined };
  const raw = new Map<string, unknown>();
  const unknown = new Map<string, unknown>();
  for (const [key, value] of Object.entries(node)) {
    const lower = key.toLowerCase();
    if (KNOWN_FIELDS.has(lower)) raw.set(lower, value);
    else unknown.set(key, value);
  }
  return { raw: Object.fromEntries(raw), unknown: unknown.size > 0 ? Object.fromEntries(unknown) : undefined };
}

function typeOf(value: unknown): NodeType {
  switch (value) {
    case 'file':
    case 'dir':
    case 'symlink':
    case 'dev':
    case 'chardev':
    case 'fifo':
    case 'socket':
      return value;
  }
  throw damaged('has an entry of unknown type');
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  throw damaged('has something else where text should be');
}

function uint32(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_UINT32) return value;
  if (value === undefined || value === null) return 0;
  throw damaged('has a number that does not fit');
}

function safeCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  if (value === undefined || value === null) return 0;
  throw damaged('has a number that does not fit');
}

function uint64(value: unknown): bigint {
  if (typeof value === 'bigint' && value <= MAX_UINT64) return value;
  return BigInt(safeCount(value));
}

function contentOf(value: unknown, type: unknown): readonly BlobId[] | null {
  if (value === undefined || value === null) {
    if (type === 'file') throw damaged('has a file without content');
    return null;
  }
  if (!Array.isArray(value)) throw damaged('has a file whose content is no list');
  return value.map(idOf);
}

function subtreeOf(value: unknown, type: unknown): TreeId | undefined {
  if (value === undefined || value === null) {
    if (type === 'dir') throw damaged('has a directory without a tree');
    return undefined;
  }
  return idOf(value) as TreeId;
}

function idOf(value: unknown): BlobId {
  if (typeof value === 'string') {
    if (LOWER_CASE_ID.test(value)) return value as BlobId;
    const lower = value.toLowerCase();
    if (LOWER_CASE_ID.test(lower)) return lower as BlobId;
  }
  throw damaged('has something else where an id should be');
}

function linkTargetOf(value: unknown, unknown: Record<string, unknown> | undefined): Uint8Array | undefined {
  const raw = unknown?.linktarget_raw;
  if (typeof raw === 'string') return decodeBase64(raw, damaged);
  const text = textOf(value);
  return text === undefined ? undefined : Buffer.from(text, 'utf8');
}

/** Of the JSON value of `extended_attributes`. @throws `repo/damaged` */
export function attributesOf(value: unknown): readonly ExtendedAttribute[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw damaged('has attributes that are no list');
  return value.map((item) => {
    const fields = new JsonObject(item, WHAT);
    return { name: fields.text('name') ?? '', value: fields.bytes('value') ?? new Uint8Array() };
  });
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** As JSON.parse, with integers that a double cannot hold as bigint. */
function parseExact(text: string): unknown {
  const exact: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^\d+$/.test(source)
      ? BigInt(source)
      : value;
  try {
    return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
  } catch (error) {
    throw new TriplicateError('repo/damaged', 'A tree is damaged: it is not JSON.', { cause: error });
  }
}

function damaged(how: string): TriplicateError {
  return new TriplicateError('repo/damaged', `A tree is damaged: it ${how}.`);
}
