import { lstatSync, readdirSync } from 'node:fs';
import { dirname, normalize, resolve } from 'node:path';
import { TriplicateError } from '../errors.ts';
import { type BytePath, bytePathOf, joinBytePath } from './byte-path.ts';

/**
 * What a snapshot takes in, as a tree of names (format, section 9, "Paths → tree"): `whole` entries are backed up with
 * all they contain, `way` entries are folders on the way to them, of which only the named children are taken.
 */
export type Target =
  | { readonly kind: 'whole'; readonly path: BytePath }
  | { readonly kind: 'way'; readonly path: BytePath; readonly children: Map<BytePath, Target> };

export interface Targets {
  /** Names at the top of the snapshot. */
  readonly top: ReadonlyMap<BytePath, Target>;
  /** Absolute and clean, in the order given: the snapshot's `paths`. */
  readonly paths: readonly string[];
}

/** Lays the given paths out as restic does. @throws `source/missing` when one of them does not exist, `usage` when none is given */
export function resolveTargets(given: readonly string[], workingDirectory: string): Targets {
  if (given.length === 0) throw new TriplicateError('usage', 'Nothing to back up: no path was given.');
  // A variable that was not set must not stand for the folder where the person happens to be.
  if (given.includes('')) throw new TriplicateError('usage', 'One of the paths to back up is empty.');
  const top = new Map<BytePath, Target>();
  for (const path of given) {
    const absolute = resolve(workingDirectory, path);
    requireExisting(absolute);
    for (const { names, path: place } of placesOf(normalize(path), absolute)) addTarget(top, names, place);
  }
  return { top, paths: given.map((path) => resolve(workingDirectory, path)) };
}

interface Place {
  readonly names: readonly BytePath[];
  readonly path: BytePath;
}

/** A path that names no folder of its own (`.`, `..`, `/`) stands for its entries, whose names may be bytes of any kind. */
function placesOf(clean: string, absolute: string): readonly Place[] {
  const names = clean.split('/').filter((name) => name !== '' && name !== '.' && name !== '..');
  const path = bytePathOf(absolute);
  if (names.length > 0) return [{ names: names.map(bytePathOf), path }];
  const entries = readdirSync(absolute, 'latin1') as BytePath[];
  return entries.map((name) => ({ names: [name], path: joinBytePath(path, name) }));
}

function requireExisting(path: string): void {
  try {
    lstatSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new TriplicateError(
        'source/missing',
        `${path} is not there. Nothing was changed; older versions are kept.`,
        {
          data: { path },
        },
      );
    }
    throw new TriplicateError('source/unreadable', `${path} cannot be read (${code ?? 'unknown'}).`, {
      data: { path },
      cause,
    });
  }
}

function addTarget(top: Map<BytePath, Target>, names: readonly BytePath[], path: BytePath): void {
  let children = top;
  let name = names[0] as BytePath;
  // Two targets of one name from different places: the later one is called name-1, name-2, …
  const base = ancestor(path, names.length - 1);
  for (let n = 1; pathOf(children.get(name)) !== undefined && pathOf(children.get(name)) !== base; n++) {
    name = `${names[0]}-${n}` as BytePath;
  }
  for (const [depth, part] of [name, ...names.slice(1)].entries()) {
    const here = ancestor(path, names.length - 1 - depth);
    const existing = children.get(part);
    if (existing?.kind === 'whole') return;
    if (depth === names.length - 1) {
      children.set(part, { kind: 'whole', path });
      return;
    }
    const way = existing ?? { kind: 'way' as const, path: here, children: new Map<BytePath, Target>() };
    children.set(part, way);
    children = way.children;
  }
}

function pathOf(target: Target | undefined): BytePath | undefined {
  return target?.path;
}

function ancestor(path: BytePath, levels: number): BytePath {
  let result = path;
  for (let i = 0; i < levels; i++) result = dirname(result) as BytePath;
  return result;
}
