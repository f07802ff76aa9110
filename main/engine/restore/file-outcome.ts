import { permissionsOf } from '../format/mode.ts';
import { type EntryColumns, hasAttributes, mayReplace } from './entry-table.ts';
import type { FileOutcome } from './write-file.ts';

/** What is to become of a file that stands under its temporary name. */
export function outcomeOf(
  columns: EntryColumns,
  entry: number,
  owners: 'set' | 'leave',
  path: Buffer,
  temporary: Buffer,
): FileOutcome {
  const owner =
    owners === 'set' ? { uid: columns.uids[entry] as number, gid: columns.gids[entry] as number } : undefined;
  return {
    path,
    temporary,
    // Attributes can only be set on a file that is writable; such a file gets its mode later.
    mode: hasAttributes(columns, entry) ? 0o600 : permissionsOf(columns.modes[entry] as number),
    existing: mayReplace(columns, entry) ? 'expected' : 'none',
    ...(owner ? { owner } : {}),
  };
}
