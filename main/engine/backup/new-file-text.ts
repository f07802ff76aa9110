import { goModeOf } from '../format/mode.ts';
import { TimeWriter } from '../format/time-writer.ts';
import {
  ATIME_KEY,
  BRACE_END,
  CTIME_KEY,
  DEVICE_KEY,
  GID_KEY,
  INODE_KEY,
  LINKS_KEY,
  MODE_KEY,
  MTIME_KEY,
  SIZE_KEY,
  TYPES,
  UID_KEY,
} from '../format/tree-layout.ts';
import type { TreeText } from '../format/tree-text.ts';
import type { EntryContext } from './entry.ts';
import {
  CTIME,
  DEVICE,
  GID,
  INODE,
  LINKS,
  type Listing,
  MODE,
  MTIME,
  nameStart,
  SIZE,
  STAT_FIELDS,
  UID,
} from './listing.ts';
import { OwnerText } from './owner-text.ts';
import type { StatRows } from './stat-rows.ts';

/** Writes plain files from listings into trees, as `encodeNode` writes what `entryFromStat` makes of the same row. */
export class NewFileText {
  readonly #context: EntryContext;
  readonly #times: TimeWriter;
  readonly #user = new OwnerText('user');
  readonly #group = new OwnerText('group');

  constructor(context: EntryContext) {
    this.#context = context;
    this.#times = new TimeWriter(context.utcOffsetMinutes);
  }

  /** @param rows the stats of the listing */
  write(
    text: TreeText,
    { names, ends }: Listing,
    rows: StatRows,
    position: number,
    content: {
      readonly ids: Uint8Array;
      readonly first: number;
      readonly count: number;
      /** What is wrong with the entry, in plain letters. */
      readonly error: string | null;
    },
  ): void {
    const { owners } = this.#context;
    const row = position * STAT_FIELDS;
    const uid = rows.number(row + UID);
    const gid = rows.number(row + GID);
    const user = this.#user.of(owners.user(uid));
    const group = this.#group.of(owners.group(gid));
    text.name(names, nameStart(ends, position), ends[position] as number, user.length + group.length);
    text.raw(TYPES.file);
    writeNumber(text, MODE_KEY, goModeOf(rows.number(row + MODE)));
    const modified = rows.seconds(row + MTIME);
    const { nanos } = rows;
    text.time(MTIME_KEY, this.#times, modified, nanos);
    // As in `entryFromStat`.
    text.time(ATIME_KEY, this.#times, modified, nanos);
    const changed = rows.seconds(row + CTIME);
    text.time(CTIME_KEY, this.#times, changed, rows.nanos);
    text.number(UID_KEY, uid);
    text.number(GID_KEY, gid);
    text.raw(user);
    text.raw(group);
    writeLarge(text, INODE_KEY, rows, row + INODE);
    writeLarge(text, DEVICE_KEY, rows, row + DEVICE);
    writeNumber(text, SIZE_KEY, rows.number(row + SIZE));
    writeNumber(text, LINKS_KEY, rows.number(row + LINKS));
    text.content(content.ids, content.first, content.count);
    if (content.error !== null) text.raw(Buffer.from(`,"error":"${content.error}"`, 'latin1'));
    text.byte(BRACE_END);
  }
}

/** Fields that are zero are not written. */
function writeNumber(text: TreeText, key: Uint8Array, value: number): void {
  if (value !== 0) text.number(key, value);
}

function writeLarge(text: TreeText, key: Uint8Array, rows: StatRows, field: number): void {
  const low = rows.low(field);
  const high = rows.high(field);
  if (low !== 0 || high !== 0) text.largeNumber(key, low, high);
}
