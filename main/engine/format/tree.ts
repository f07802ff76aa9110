import { TriplicateError } from '../errors.ts';
import { type BlobId, isId, type TreeId } from '../ids.ts';
import { jsonString as jsonText } from './json-text.ts';
import { quoteName, unquoteName } from './name.ts';
import { parseTime, type Timestamp } from './time.ts';

/** Kinds of entries (format, section 8.1). */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket';
export type { Timestamp };

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Uint8Array;
}

/** One entry of a directory (format, section 8.1). */
export interface TreeNode {
  /** Raw bytes of the name. */
  readonly name: Uint8Array;
  readonly type: NodeType;
  /** Go's FileMode. */
  readonly mode: number;
  readonly mtime: Timestamp;
  readonly atime: Timestamp;
  readonly ctime: Timestamp;
  readonly uid: number;
  readonly gid: number;
  /** Empty when unknown. */
  readonly user: string;
  readonly group: string;
  readonly inode: bigint;
  readonly deviceId: bigint;
  /** Bytes; files only. */
  readonly size: number;
  readonly links: number;
  /** Raw bytes; symlinks only. */
  readonly linkTarget?: Uint8Array;
  readonly extendedAttributes?: readonly ExtendedAttribute[];
  /** Device number; devices only. */
  readonly device?: number;
  /** Data blobs in order; null for everything but files. */
  readonly content: readonly BlobId[] | null;
  readonly subtree?: TreeId;
}

/** The tree blob of a directory; `nodes` strictly ascending by raw name. Equal input gives equal bytes, as restic's. */
export function encodeTree(nodes: readonly TreeNode[]): Uint8Array {
  for (let i = 1; i < nodes.length; i++) {
    if (Buffer.compare((nodes[i - 1] as TreeNode).name, (nodes[i] as TreeNode).name) >= 0) {
      throw new TriplicateError('internal', 'The entries of a directory are not in order.');
    }
  }
  return Buffer.from(`{"nodes":[${nodes.map(encodeNode).join(',')}]}\n`);
}

/** The JSON of one node, fields in restic's order. */
export function encodeNode(node: TreeNode): string {
  let text = `{"name":${jsonText(quoteName(node.name))},"type":"${node.type}"`;
  if (node.mode !== 0) text += `,"mode":${node.mode}`;
  text += `,"mtime":"${node.mtime.text}","atime":"${node.atime.text}","ctime":"${node.ctime.text}"`;
  text += `,"uid":${node.uid},"gid":${node.gid}`;
  if (node.user !== '') text += `,"user":${jsonText(node.user)}`;
  if (node.group !== '') text += `,"group":${jsonText(node.group)}`;
  if (node.inode !== 0n) text += `,"inode":${node.inode}`;
  if (node.deviceId !== 0n) text += `,"device_id":${node.deviceId}`;
  if (node.size !== 0) text += `,"size":${node.size}`;
  if (node.links !== 0) text += `,"links":${node.links}`;
  if (node.linkTarget && node.linkTarget.length > 0) text += `,"linktarget":${jsonText(textOf(node.linkTarget))}`;
  if (node.extendedAttributes && node.extendedAttributes.length > 0) {
    text += `,"extended_attributes":[${node.extendedAttributes.map(encodeAttribute).join(',')}]`;
  }
  if (node.device) text += `,"device":${node.device}`;
  text += node.content === null ? ',"content":null' : `,"content":[${node.content.map((id) => `"${id}"`).join(',')}]`;
  if (node.subtree) text += `,"subtree":"${node.subtree}"`;
  return `${text}}`;
}

function encodeAttribute({ name, value }: ExtendedAttribute): string {
  return `{"name":${jsonText(name)},"value":"${Buffer.from(value).toString('base64')}"}`;
}

/** Invalid UTF-8 becomes U+FFFD, as in restic 0.14: a link target is not escaped as a name is. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The entries of a tree blob, sorted by raw name whatever their order in it. @throws `repo/damaged` */
export function decodeTree(bytes: Uint8Array): readonly TreeNode[] {
  const text = textOf(bytes);
  const document = parseExactly(text) as { nodes?: unknown } | null;
  if (typeof document !== 'object' || Array.isArray(document))
    throw damaged('A directory of the repository cannot be read.');
  const list = document?.nodes ?? [];
  if (!Array.isArray(list)) throw damaged('A directory of the repository cannot be read.');
  const nodes = list.map(decodeNode);
  for (let i = 1; i < nodes.length; i++) {
    if (Buffer.compare((nodes[i - 1] as TreeNode).name, (nodes[i] as TreeNode).name) > 0) {
      return nodes.sort((a, b) => Buffer.compare(a.name, b.name));
    }
  }
  return nodes;
}

const LONG_NUMBER = /:\d{16,}/;

/** JSON with whole numbers above 2^53 as bigint; the slow way is taken only where such a number can be. */
function parseExactly(text: string): unknown {
  try {
    if (!LONG_NUMBER.test(text)) return JSON.parse(text);
    return JSON.parse(text, (_key, value, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
        ? BigInt(context?.source ?? 0)
        : value,
    );
  } catch (cause) {
    throw damaged('A directory of the repository is not valid JSON.', cause);
  }
}

const TYPES: ReadonlySet<string> = new Set<NodeType>(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']);

function decodeNode(value: unknown): TreeNode {
  if (typeof value !== 'object' || value === null) throw damaged('An entry of a directory cannot be read.');
  const raw = value as Record<string, unknown>;
  const type = asText(raw.type);
  if (!TYPES.has(type)) throw damaged(`An entry of a directory has the unknown type ${type.slice(0, 20)}.`);
  const node: { -readonly [Field in keyof TreeNode]: TreeNode[Field] } = {
    name: unquoteName(asText(raw.name)),
    type: type as NodeType,
    mode: asNumber(raw.mode),
    mtime: asTime(raw.mtime),
    atime: asTime(raw.atime),
    ctime: asTime(raw.ctime),
    uid: asNumber(raw.uid),
    gid: asNumber(raw.gid),
    user: asText(raw.user),
    group: asText(raw.group),
    inode: asBig(raw.inode),
    deviceId: asBig(raw.device_id),
    size: asNumber(raw.size),
    links: asNumber(raw.links),
    content:
      raw.content === null || raw.content === undefined ? null : asList(raw.content).map((id) => asId(id) as BlobId),
  };
  if (type === 'file' && node.content === null) throw damaged('A file of a directory has no list of contents.');
  if (raw.subtree !== undefined && raw.subtree !== null) node.subtree = asId(raw.subtree) as TreeId;
  if (raw.device) node.device = asNumber(raw.device);
  const target = asText(raw.linktarget);
  // Later restic versions add the raw bytes where the text cannot hold them (format, section 17).
  if (typeof raw.linktarget_raw === 'string') node.linkTarget = Buffer.from(raw.linktarget_raw, 'base64');
  else if (target !== '') node.linkTarget = Buffer.from(target, 'utf8');
  if (raw.extended_attributes) node.extendedAttributes = asList(raw.extended_attributes).map(decodeAttribute);
  return node;
}

function decodeAttribute(value: unknown): ExtendedAttribute {
  if (typeof value !== 'object' || value === null) throw damaged('An extended attribute cannot be read.');
  const { name, value: content } = value as Record<string, unknown>;
  return { name: asText(name), value: Buffer.from(asText(content), 'base64') };
}

/** Go's zero time: what a missing one is read as. */
const ZERO_TIME: Timestamp = { ns: -62_135_596_800_000_000_000n, text: '0001-01-01T00:00:00Z' };
let lastTime: Timestamp = ZERO_TIME;

/** Times repeat within an entry and between neighbours: the last one is kept. */
function asTime(value: unknown): Timestamp {
  if (value === undefined || value === null) return ZERO_TIME;
  if (typeof value !== 'string') throw damaged('A time in the repository cannot be read.');
  if (value !== lastTime.text) lastTime = { ns: parseTime(value), text: value };
  return lastTime;
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw damaged('A text in a directory of the repository cannot be read.');
  return value;
}

function asNumber(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw damaged('A number in a directory of the repository is impossible.');
  }
  return value;
}

function asBig(value: unknown): bigint {
  return typeof value === 'bigint' ? value : BigInt(asNumber(value));
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw damaged('A list in a directory of the repository cannot be read.');
  return value;
}

function asId(value: unknown): string {
  const id = typeof value === 'string' ? value.toLowerCase() : '';
  if (!isId(id)) throw damaged('A directory of the repository names something that is not an id.');
  return id;
}

function damaged(message: string, cause?: unknown): TriplicateError {
  return new TriplicateError('repo/damaged', message, cause === undefined ? {} : { cause });
}
