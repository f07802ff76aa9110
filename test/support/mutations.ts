import { existsSync, lstatSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { loadIndex } from '../../main/engine/engine.ts';
import { decodeIndex, encodeIndex } from '../../main/engine/format/index-file.ts';
import type { PackEntry } from '../../main/engine/format/pack.ts';
import { readUnpacked, writeUnpacked } from '../../main/engine/repository/unpacked-files.ts';
import { reopen } from './engine.ts';

/** Which kind of file is struck: every kind that a repository has. */
export const ROOMS = ['config', 'keys', 'snapshots', 'index', 'tree packs', 'data packs'] as const;
export type Room = (typeof ROOMS)[number];
export type RepositoryFiles = Readonly<Record<Room, readonly string[]>>;

interface Place {
  readonly room: Room;
  readonly file: number;
}

export type Mutation =
  | (Place & { readonly kind: 'remove' | 'empty' })
  | (Place & { readonly kind: 'truncate' | 'flip'; readonly at: number })
  | (Place & { readonly kind: 'junk' | 'replace'; readonly bytes: Uint8Array })
  /** Under another id that looks right, or under its own among files of another kind. */
  | (Place & { readonly kind: 'duplicate' | 'rename'; readonly id: Uint8Array })
  | (Place & { readonly kind: 'misplace'; readonly to: 'snapshots' | 'index' | 'data' | 'keys' | 'locks' })
  | (Place & { readonly kind: 'swap'; readonly with: Place })
  /** An index that is sealed as it should be and says something else of one blob, of a piece of content where `of` is given. */
  | {
      readonly kind: 'lie';
      readonly file: number;
      readonly blob: number;
      readonly of?: 'data';
      readonly about: Lie;
      readonly value: number;
    };

type Lie = 'offset' | 'length' | 'uncompressedLength' | 'type' | 'id' | 'gone' | 'twice';

const place = {
  room: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('config' as const, 'keys' as const) },
    { weight: 12, arbitrary: fc.constantFrom(...ROOMS.slice(2)) },
  ),
  file: fc.nat(100),
};
const id = fc.uint8Array({ minLength: 32, maxLength: 32 });

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ ...place, kind: fc.constantFrom('remove' as const, 'empty' as const) }),
  fc.record({ ...place, kind: fc.constantFrom('truncate' as const, 'flip' as const), at: fc.nat() }),
  fc.record({ ...place, kind: fc.constantFrom('truncate' as const, 'flip' as const), at: fc.nat(200) }),
  fc.record({
    ...place,
    kind: fc.constantFrom('junk' as const, 'replace' as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  }),
  fc.record({ ...place, kind: fc.constantFrom('duplicate' as const, 'rename' as const), id }),
  fc.record({
    ...place,
    kind: fc.constant('misplace' as const),
    to: fc.constantFrom<'snapshots' | 'index' | 'data' | 'keys' | 'locks'>(
      'snapshots',
      'index',
      'data',
      'keys',
      'locks',
    ),
  }),
  fc.record({ ...place, kind: fc.constant('swap' as const), with: fc.record(place) }),
  fc.record({
    kind: fc.constant('lie' as const),
    file: fc.nat(100),
    blob: fc.nat(1000),
    about: fc.constantFrom<Lie>('offset', 'length', 'uncompressedLength', 'type', 'id', 'gone', 'twice'),
    value: fc.oneof(fc.nat(5000), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1)),
  }),
);

/** The files of the repository by kind, the oldest first: names are another in each run, and a seed must not be. */
export async function filesOf(location: string): Promise<RepositoryFiles> {
  const byAge = (files: readonly string[]): readonly string[] =>
    files.toSorted((a, b) => (timeOf(join(location, a)) < timeOf(join(location, b)) ? -1 : 1));
  const inRoom = async (room: string): Promise<readonly string[]> =>
    byAge((await readdir(join(location, room))).map((name) => join(room, name)));
  const repository = await reopen(location);
  const { index } = await loadIndex(repository);
  const packs = [...index.packs()];
  const ofType = (type: string): readonly string[] =>
    byAge(packs.filter(({ blobs }) => blobs[0]?.type === type).map(({ id }) => placeOf('data', id)));
  await repository.store.close();
  return {
    config: ['config'],
    keys: await inRoom('keys'),
    snapshots: await inRoom('snapshots'),
    index: await inRoom('index'),
    'tree packs': ofType('tree'),
    'data packs': ofType('data'),
  };
}

function timeOf(path: string): bigint {
  return lstatSync(path, { bigint: true }).mtimeNs;
}

/** Does the mutation; one whose file is gone already does nothing. */
export async function mutate(location: string, files: RepositoryFiles, one: Mutation): Promise<void> {
  if (one.kind === 'lie') return lie(location, files.index, one);
  const file = fileAt(files, one);
  const path = join(location, file);
  if (!existsSync(path)) return;
  const bytes = await readFile(path);
  switch (one.kind) {
    case 'remove':
      return rm(path);
    case 'empty':
      return overwrite(path, Buffer.of());
    case 'truncate':
      return overwrite(path, bytes.subarray(0, one.at % Math.max(1, bytes.length)));
    case 'flip': {
      const at = one.at % Math.max(1, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (one.at & 7));
      return overwrite(path, bytes);
    }
    case 'junk':
      return overwrite(path, Buffer.concat([bytes, one.bytes]));
    case 'replace':
      return overwrite(path, one.bytes);
    case 'duplicate':
    case 'rename': {
      if (one.room === 'config') return;
      const name = Buffer.from(one.id).toString('hex');
      await overwrite(join(location, placeOf(file.split('/')[0] ?? '', name)), bytes);
      if (one.kind === 'rename') await rm(path);
      return;
    }
    case 'misplace':
      if (one.room === 'config') return;
      return overwrite(join(location, placeOf(one.to, file.split('/').at(-1) ?? '')), bytes);
    case 'swap': {
      const other = join(location, fileAt(files, one.with));
      if (!existsSync(other)) return;
      const others = await readFile(other);
      await overwrite(other, bytes);
      await overwrite(path, others);
      return;
    }
  }
}

function fileAt(files: RepositoryFiles, { room, file }: Place): string {
  return files[room][file % files[room].length] ?? 'config';
}

function placeOf(room: string, name: string): string {
  return room === 'data' ? join(room, name.slice(0, 2), name) : join(room, name);
}

async function overwrite(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (existsSync(path)) await chmod(path, 0o600);
  await writeFile(path, bytes);
}

async function lie(
  location: string,
  names: readonly string[],
  { file, blob, of, about, value }: Mutation & { kind: 'lie' },
): Promise<void> {
  const repository = await reopen(location).catch(() => undefined);
  if (!repository) return;
  try {
    const name = basename(names[file % names.length] ?? '');
    const json = await readUnpacked(repository, { type: 'index', id: name }).catch(() => undefined);
    const packs = json === undefined ? [] : decodeIndex(json).packs;
    const all = packs.flatMap(({ blobs }) => blobs);
    const possible = all.filter(({ type }) => of === undefined || type === of);
    const victim = possible[blob % Math.max(1, possible.length)];
    if (!victim) return;
    const told = packs.map((pack) => ({
      id: pack.id,
      blobs: pack.blobs.flatMap((one) => (one === victim ? lieAbout(one, about, value, all) : [one])),
    }));
    await rm(join(location, 'index', name));
    await writeUnpacked(repository, 'index', encodeIndex(told));
  } finally {
    await repository.store.close();
  }
}

function lieAbout(one: PackEntry, about: Lie, value: number, all: readonly PackEntry[]): readonly PackEntry[] {
  if (about === 'gone') return [];
  if (about === 'twice') return [one, { ...one, offset: value }];
  if (about === 'type') return [{ ...one, type: one.type === 'data' ? 'tree' : 'data' }];
  if (about === 'id') return [{ ...one, id: all[value % all.length]?.id ?? one.id }];
  return [{ ...one, [about]: value }];
}
