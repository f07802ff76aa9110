import { giveBack } from '../give-back.ts';
import type { TreeId } from '../ids.ts';
import type { ExtendedAttribute, NodeType, TreeNode } from './tree.ts';

/** The types of entries by their numbers in columns. */
export const NODE_TYPES: readonly NodeType[] = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket'];
export const FILE = NODE_TYPES.indexOf('file');
export const DIR = NODE_TYPES.indexOf('dir');
export const SYMLINK = NODE_TYPES.indexOf('symlink');
export const SOCKET = NODE_TYPES.indexOf('socket');

const ID_BYTES = 32;
const SECOND = 1_000_000_000n;

/** An instant as numbers: whole seconds since 1970, rounded down, and the rest. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

/** What few entries have. */
export interface RareFields {
  /** Absent when it is the mtime. */
  readonly atime?: Instant;
  /** Of a file with more than one name, else 1. */
  readonly links: number;
  /** Of a file with more than one name, else 0. */
  readonly inode: bigint;
  readonly deviceId: bigint;
  readonly linkTarget: Uint8Array | undefined;
  readonly extendedAttributes: readonly ExtendedAttribute[] | undefined;
  readonly device: number | undefined;
}

/**
 * What a restore needs of the entries of one directory, in columns, a row for each entry, sorted by name. Filled again for the
 * next directory: what is to last is copied.
 */
export class TreeColumns {
  count = 0;
  /** Where the names lie: from `nameStarts` to `nameEnds`. */
  names: Uint8Array = new Uint8Array(0);
  nameStarts: Uint32Array;
  nameEnds: Uint32Array;
  /** Numbers in `NODE_TYPES`. */
  types: Uint8Array;
  /** Go FileMode, see `mode.ts`. */
  modes: Uint32Array;
  uids: Uint32Array;
  gids: Uint32Array;
  mtimeSeconds: Float64Array;
  mtimeNanos: Uint32Array;
  sizes: Float64Array;
  /** How many ids of content the rows have up to and with this one. */
  contentEnds: Uint32Array;
  /** 32 bytes for each blob of the files, in their order. */
  contentIds: Uint8Array;
  /** By row, for every directory. */
  readonly subtrees = new Map<number, TreeId>();
  /** By row. */
  readonly rare = new Map<number, RareFields>();

  /** @param rows room to begin with */
  constructor(rows = 256) {
    this.nameStarts = new Uint32Array(rows);
    this.nameEnds = new Uint32Array(rows);
    this.types = new Uint8Array(rows);
    this.modes = new Uint32Array(rows);
    this.uids = new Uint32Array(rows);
    this.gids = new Uint32Array(rows);
    this.mtimeSeconds = new Float64Array(rows);
    this.mtimeNanos = new Uint32Array(rows);
    this.sizes = new Float64Array(rows);
    this.contentEnds = new Uint32Array(rows);
    this.contentIds = new Uint8Array(rows * ID_BYTES);
  }

  clear(): void {
    this.count = 0;
    this.subtrees.clear();
    this.rare.clear();
  }

  /** Gives the memory back; the names are not theirs. */
  giveBack(): void {
    const { nameStarts, nameEnds, types, modes, uids, gids, mtimeSeconds, mtimeNanos, sizes, contentEnds, contentIds } =
      this;
    const integers = [nameStarts, nameEnds, types, modes, uids, gids, mtimeNanos, contentEnds, contentIds];
    for (const column of [...integers, mtimeSeconds, sizes]) giveBack(column);
  }

  contentStart(row: number): number {
    return row === 0 ? 0 : (this.contentEnds[row - 1] as number);
  }

  /** A view that stands until the columns are filled again. */
  name(row: number): Uint8Array {
    return this.names.subarray(this.nameStarts[row], this.nameEnds[row]);
  }

  makeRoomForRow(): void {
    if (this.count < this.types.length) return;
    const rows = this.types.length * 2;
    this.nameStarts = grown(this.nameStarts, new Uint32Array(rows));
    this.nameEnds = grown(this.nameEnds, new Uint32Array(rows));
    this.types = grown(this.types, new Uint8Array(rows));
    this.modes = grown(this.modes, new Uint32Array(rows));
    this.uids = grown(this.uids, new Uint32Array(rows));
    this.gids = grown(this.gids, new Uint32Array(rows));
    this.mtimeSeconds = grown(this.mtimeSeconds, new Float64Array(rows));
    this.mtimeNanos = grown(this.mtimeNanos, new Uint32Array(rows));
    this.sizes = grown(this.sizes, new Float64Array(rows));
    this.contentEnds = grown(this.contentEnds, new Uint32Array(rows));
  }

  /** Room for the id at this position among those of the content. */
  makeRoomForId(position: number): void {
    if ((position + 1) * ID_BYTES <= this.contentIds.length) return;
    this.contentIds = grown(this.contentIds, new Uint8Array(this.contentIds.length * 2));
  }
}

/** A directory's own row, to be kept while its columns are filled again. */
export function directoryRow(columns: TreeColumns, row: number): TreeColumns {
  const copy = new TreeColumns(1);
  copy.names = columns.name(row).slice();
  copy.nameEnds[0] = copy.names.length;
  copy.types[0] = columns.types[row] as number;
  copy.modes[0] = columns.modes[row] as number;
  copy.uids[0] = columns.uids[row] as number;
  copy.gids[0] = columns.gids[row] as number;
  copy.mtimeSeconds[0] = columns.mtimeSeconds[row] as number;
  copy.mtimeNanos[0] = columns.mtimeNanos[row] as number;
  copy.sizes[0] = columns.sizes[row] as number;
  const rare = columns.rare.get(row);
  if (rare) copy.rare.set(0, rare);
  copy.count = 1;
  return copy;
}

/** The way for trees that are not written as we write them. `nodes`: as `decodeTree` gives them. */
export function fillFromNodes(columns: TreeColumns, nodes: readonly TreeNode[]): void {
  columns.clear();
  columns.names = Buffer.concat(nodes.map(({ name }) => name));
  let nameEnd = 0;
  let ids = 0;
  for (const [row, node] of nodes.entries()) {
    columns.makeRoomForRow();
    columns.nameStarts[row] = nameEnd;
    nameEnd += node.name.length;
    columns.nameEnds[row] = nameEnd;
    columns.types[row] = NODE_TYPES.indexOf(node.type);
    columns.modes[row] = node.mode;
    columns.uids[row] = node.uid;
    columns.gids[row] = node.gid;
    const { seconds, nanos } = instantOf(node.mtime.ns);
    columns.mtimeSeconds[row] = seconds;
    columns.mtimeNanos[row] = nanos;
    columns.sizes[row] = node.size;
    for (const id of (node.type === 'file' && node.content) || []) {
      columns.makeRoomForId(ids);
      columns.contentIds.set(Buffer.from(id, 'hex'), ids++ * ID_BYTES);
    }
    columns.contentEnds[row] = ids;
    if (node.type === 'dir' && node.subtree) columns.subtrees.set(row, node.subtree);
    const rare = rareOf(node);
    if (rare) columns.rare.set(row, rare);
    columns.count++;
  }
}

function rareOf(node: TreeNode): RareFields | undefined {
  const { linkTarget, extendedAttributes, device } = node;
  const isLinked = node.type === 'file' && node.links > 1;
  const isSame = node.atime.ns === node.mtime.ns;
  if (isSame && !isLinked && !linkTarget && !extendedAttributes && !device) return undefined;
  return {
    ...(isSame ? {} : { atime: instantOf(node.atime.ns) }),
    links: isLinked ? node.links : 1,
    inode: isLinked ? node.inode : 0n,
    deviceId: isLinked ? node.deviceId : 0n,
    linkTarget,
    extendedAttributes,
    device,
  };
}

function instantOf(ns: bigint): Instant {
  const rest = ns % SECOND;
  const nanos = rest < 0n ? rest + SECOND : rest;
  return { seconds: Number((ns - nanos) / SECOND), nanos: Number(nanos) };
}

/** The wider column with what the old one holds, which is given back. */
export function grown<Column extends Uint8Array | Uint32Array | Float64Array>(old: Column, wider: Column): Column {
  wider.set(old);
  giveBack(old);
  return wider;
}
