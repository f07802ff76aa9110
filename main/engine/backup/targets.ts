import { lstatSync, readdirSync } from 'node:fs';
import { dirname, normalize, resolve } from 'node:path';
import { TriplicateError } from '../errors.ts';
import { type BytePath, bytePathOf, forSystem, joinBytePath, textOf } from './byte-path.ts';

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
  return entriesIn(path).map((entry) => ({ names: [entry.name], path: entry.path }));
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
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): TriplicateError {
  const { code } = cause as NodeJS.ErrnoException;
  return new TriplicateError('source/unreadable', `${path} cannot be read (${code ?? 'unknown'}).`, {
    data: { path },
    cause,
  });
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
    if (depth === names.length - 1) {
      if (existing?.kind === 'whole') return;
      children.set(part, { kind: 'whole', path });
      // What was named below it stays where a link leads there: the whole of this stops at the link.
      if (existing) for (const leaf of leavesOf(existing, names)) addTarget(top, leaf.names, leaf.path);
      return;
    }
    if (existing?.kind === 'whole' && !leadsThroughLink(existing.path, path)) return;
    const way =
      existing?.kind === 'way' ? existing : { kind: 'way' as const, path: here, children: entriesOf(existing) };
    children.set(part, way);
    children = way.children;
  }
}

/** Whether a link lies on the way: what is taken whole from `above` on does not follow it. */
function leadsThroughLink(above: BytePath, path: BytePath): boolean {
  for (let on = dirname(path); on.length >= above.length; on = dirname(on)) {
    if (lstatSync(forSystem(on as BytePath)).isSymbolicLink()) return true;
    if (on === above) break;
  }
  return false;
}

/** All that was to be taken whole, as names of their own; of a link, as restic does, what it leads to. */
function entriesOf(whole: Target | undefined): Map<BytePath, Target> {
  if (!whole) return new Map();
  return new Map(entriesIn(whole.path).map(({ name, path }) => [name, { kind: 'whole', path }]));
}

function entriesIn(folder: BytePath): readonly { readonly name: BytePath; readonly path: BytePath }[] {
  try {
    const names = readdirSync(forSystem(folder), 'latin1') as BytePath[];
    return names.map((name) => ({ name, path: joinBytePath(folder, name) }));
  } catch (error) {
    throw unreadable(textOf(folder), error);
  }
}

function leavesOf(target: Target, names: readonly BytePath[]): readonly Place[] {
  if (target.kind === 'whole') return [{ names, path: target.path }];
  return [...target.children].flatMap(([name, child]) => leavesOf(child, [...names, name]));
}

function pathOf(target: Target | undefined): BytePath | undefined {
  return target?.path;
}

function ancestor(path: BytePath, levels: number): BytePath {
  let result = path;
  for (let i = 0; i < levels; i++) result = dirname(result) as BytePath;
  return result;
}
