import { giveBack } from '../give-back.ts';
import type { EntryColumns, EntryTable } from './entry-table.ts';

/**
 * What workers need of a table, in memory that threads share, without room for more. The table has the same memory from then on;
 * nothing is appended to it any more.
 */
export function shareColumns(table: EntryTable): EntryColumns {
  const { folders, count } = table;
  if (!(table.flags.buffer instanceof SharedArrayBuffer)) {
    table.folderOf = shared(table.folderOf, count, (memory) => new Uint32Array(memory));
    table.names = shared(table.names, table.nameEnds[count - 1] ?? 0, (memory) => new Uint8Array(memory));
    table.nameEnds = shared(table.nameEnds, count, (memory) => new Uint32Array(memory));
    table.flags = shared(table.flags, count, (memory) => new Uint8Array(memory));
    table.modes = shared(table.modes, count, (memory) => new Uint32Array(memory));
    table.uids = shared(table.uids, count, (memory) => new Uint32Array(memory));
    table.gids = shared(table.gids, count, (memory) => new Uint32Array(memory));
    table.mtimeSeconds = shared(table.mtimeSeconds, count, (memory) => new Float64Array(memory));
    table.mtimeNanos = shared(table.mtimeNanos, count, (memory) => new Uint32Array(memory));
    if (table.atimeSeconds && table.atimeNanos) {
      table.atimeSeconds = shared(table.atimeSeconds, count, (memory) => new Float64Array(memory));
      table.atimeNanos = shared(table.atimeNanos, count, (memory) => new Uint32Array(memory));
    }
    folders.parents = shared(folders.parents, folders.count, (memory) => new Uint32Array(memory));
    folders.names = shared(folders.names, folders.nameEnds[folders.count - 1] ?? 0, (memory) => new Uint8Array(memory));
    folders.nameEnds = shared(folders.nameEnds, folders.count, (memory) => new Uint32Array(memory));
    folders.pathBytes = shared(folders.pathBytes, folders.count, (memory) => new Uint32Array(memory));
    folders.staged = new Uint8Array(new SharedArrayBuffer(folders.count));
  }
  const { parents, names, nameEnds, pathBytes, staged } = folders;
  return {
    folders: { parents, names, nameEnds, pathBytes, staged },
    folderOf: table.folderOf,
    names: table.names,
    nameEnds: table.nameEnds,
    flags: table.flags,
    modes: table.modes,
    uids: table.uids,
    gids: table.gids,
    mtimeSeconds: table.mtimeSeconds,
    mtimeNanos: table.mtimeNanos,
    atimeSeconds: table.atimeSeconds,
    atimeNanos: table.atimeNanos,
  };
}

/** Ordinary shared memory: each memory of WebAssembly would reserve 10 GB of addresses (`bulk-memory.ts`). */
function shared<Column extends Uint8Array | Uint32Array | Float64Array>(
  old: Column,
  length: number,
  make: (memory: SharedArrayBuffer) => Column,
): Column {
  const made = make(new SharedArrayBuffer(length * old.BYTES_PER_ELEMENT));
  made.set(old.subarray(0, length));
  giveBack(old);
  return made;
}
