import { permissionsOf } from '../format/mode.ts';
import { type EntryColumns, hasAttributes, mayReplace } from './entry-table.ts';
import { withoutLending, wouldLend } from './rights.ts';
import type { FileOutcome } from './write-file.ts';

/**
 * What is to become of a file that stands at `temporary`.
 * @param path its final one; absent when its folder is going to get a name and not the file
 */
export function outcomeOf(
  columns: EntryColumns,
  entry: number,
  owners: 'set' | 'leave',
  temporary: Buffer,
  path: Buffer | undefined,
): FileOutcome {
  const owner =
    owners === 'set' ? { uid: columns.uids[entry] as number, gid: columns.gids[entry] as number } : undefined;
  const mode = permissionsOf(columns.modes[entry] as number);
  const lends = !owner && wouldLend(mode, columns.uids[entry] as number, columns.gids[entry] as number);
  return {
    temporary,
    // Attributes can only be set on a file that is writable; such a file gets its mode later.
    mode: hasAttributes(columns, entry) ? 0o600 : lends ? withoutLending(mode) : mode,
    ...(path ? { name: { path, existing: mayReplace(columns, entry) ? 'expected' : 'none' } } : {}),
    ...(owner ? { owner } : {}),
    ...(lends ? { withheld: 'power' } : {}),
  };
}
