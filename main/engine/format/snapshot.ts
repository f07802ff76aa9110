import type { SnapshotId, TreeId } from '../ids.ts';
import { JsonObject, parseJson } from './json-document.ts';
import { jsonString } from './json-text.ts';
import { formatLocalTime, type Timestamp, timestampOf } from './time.ts';

/** One consistent moment of the paths it names (format, section 9). */
export interface Snapshot {
  readonly time: Timestamp;
  readonly parent?: SnapshotId | undefined;
  readonly tree: TreeId;
  /** Absolute and clean; bytes that are not UTF-8 are lost here, as in restic. */
  readonly paths: readonly string[];
  readonly hostname?: string | undefined;
  readonly username?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly excludes?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The first id of a snapshot whose document was rewritten. */
  readonly original?: SnapshotId | undefined;
  /** Written by restic from 0.15 on. */
  readonly programVersion?: string | undefined;
  /** Written by restic from 0.17 on; kept as it is. */
  readonly summary?: unknown;
  /** Fields that neither we nor restic 0.14 know, kept when the snapshot is rewritten. */
  readonly unknown?: Readonly<Record<string, unknown>> | undefined;
}

/** The JSON text, in restic's order of fields, without a final newline. */
export function encodeSnapshot(snapshot: Snapshot): string {
  const fields: string[] = [];
  const add = (name: string, json: string | undefined): void => {
    if (json !== undefined) fields.push(`${jsonString(name)}:${json}`);
  };
  add('time', jsonString(snapshot.time.text ?? formatLocalTime(snapshot.time.ns)));
  add('parent', textJson(snapshot.parent));
  add('tree', jsonString(snapshot.tree));
  add('paths', `[${snapshot.paths.map(jsonString).join(',')}]`);
  add('hostname', textJson(snapshot.hostname));
  add('username', textJson(snapshot.username));
  add('uid', numberJson(snapshot.uid));
  add('gid', numberJson(snapshot.gid));
  add('excludes', textsJson(snapshot.excludes));
  add('tags', textsJson(snapshot.tags));
  add('original', textJson(snapshot.original));
  add('program_version', textJson(snapshot.programVersion));
  add('summary', snapshot.summary === undefined ? undefined : JSON.stringify(snapshot.summary));
  for (const [name, value] of Object.entries(snapshot.unknown ?? {})) add(name, JSON.stringify(value));
  return `{${fields.join(',')}}`;
}

/** @throws `repo/damaged` for anything that restic would not read, a missing tree included */
export function decodeSnapshot(text: string): Snapshot {
  const fields = new JsonObject(parseJson(text, 'snapshot'), 'snapshot');
  const time = fields.text('time');
  if (time === undefined) throw fields.missing('time');
  const tree = fields.id('tree');
  if (tree === undefined) throw fields.missing('tree');
  const snapshot: Snapshot = {
    time: timestampOf(time),
    parent: fields.id('parent') as SnapshotId | undefined,
    tree: tree as TreeId,
    paths: fields.texts('paths') ?? [],
    hostname: fields.text('hostname'),
    username: fields.text('username'),
    uid: fields.count('uid', MAX_UINT32),
    gid: fields.count('gid', MAX_UINT32),
    excludes: fields.texts('excludes'),
    tags: fields.texts('tags'),
    original: fields.id('original') as SnapshotId | undefined,
    programVersion: fields.text('program_version'),
    summary: fields.raw('summary'),
  };
  const unknown = fields.rest();
  return unknown ? { ...snapshot, unknown } : snapshot;
}

const MAX_UINT32 = 0xffff_ffff;

function textJson(text: string | undefined): string | undefined {
  return text ? jsonString(text) : undefined;
}

function numberJson(value: number | undefined): string | undefined {
  return value ? String(value) : undefined;
}

function textsJson(texts: readonly string[] | undefined): string | undefined {
  return texts && texts.length > 0 ? `[${texts.map(jsonString).join(',')}]` : undefined;
}
