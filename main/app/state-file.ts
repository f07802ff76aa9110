import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { TriplicateError } from '../engine/errors.ts';
import { whyNotWritten } from '../engine/store/file-errors.ts';
import { makeFolderDurably, syncFolder } from '../engine/store/local-files.ts';

/** Turns the state of one version into that of the next. */
export type Migration = (state: unknown) => unknown;

export interface StateFileOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly initial: T;
  /** `migrations[n]` brings version n + 1 to n + 2; the newest version is therefore their number + 1. */
  readonly migrations?: readonly Migration[];
  /** Milliseconds since 1970, for the names of files that are kept aside. */
  readonly now: () => number;
}

/** A validated, versioned JSON document: read once, replaced as a whole, never half written. */
export interface StateFile<T> {
  readonly value: T;
  /** Replaces the value at once and makes it durable; the promise is for those who must know that it is. */
  update(change: (value: T) => T): Promise<void>;
  /** Resolves when everything so far is on disk. */
  settled(): Promise<void>;
}

/**
 * Opens the file, brings an old version up to date (the old file stays beside it) and validates it.
 * @throws `config/invalid` for a file that cannot be read: it is kept aside under a new name, so that the next start
 * begins afresh; `config/newer` for a file of a later Triplicate, which is not touched.
 */
export async function openStateFile<T>(options: StateFileOptions<T>): Promise<StateFile<T>> {
  const text = await readIfThere(options.path);
  const value = text === undefined ? options.initial : await load(text, options);
  return new JsonStateFile(options.path, (options.migrations?.length ?? 0) + 1, value);
}

async function load<T>(text: string, options: StateFileOptions<T>): Promise<T> {
  const { path, schema, migrations = [] } = options;
  const newest = migrations.length + 1;
  const document = parse(text);
  if (document === undefined) throw await keepAside(options, 'it is not a Triplicate state file');
  if (document.version > newest) {
    throw new TriplicateError('config/newer', `${path} was written by a newer Triplicate.`, {
      data: { path, version: document.version },
    });
  }
  let state = document.state;
  for (const migrate of migrations.slice(document.version - 1)) state = migrate(state);
  const parsed = schema.safeParse(state);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw await keepAside(options, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  if (document.version < newest) {
    await writeDurably(`${path}.v${document.version}`, text);
    await writeDurably(path, serialise(newest, parsed.data));
  }
  return parsed.data;
}

function parse(text: string): { readonly version: number; readonly state: unknown } | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null || !('version' in document)) return undefined;
    const { version } = document;
    if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return undefined;
    return { version, state: 'state' in document ? document.state : undefined };
  } catch {
    return undefined;
  }
}

async function keepAside<T>({ path, now }: StateFileOptions<T>, why: string): Promise<TriplicateError> {
  const aside = `${path}.damaged-${now()}`;
  await rename(path, aside);
  return new TriplicateError('config/invalid', `The settings in ${path} cannot be read (${why}).`, {
    data: { path, keptAs: aside },
    hint: `The file was kept as ${aside}. Start again to begin with fresh settings, or put a good copy in its place; backups are not affected.`,
  });
}

class JsonStateFile<T> implements StateFile<T> {
  readonly #path: string;
  readonly #version: number;
  #value: T;
  /** What the file holds, as far as this process wrote it. */
  #saved: T | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string, version: number, value: T) {
    this.#path = path;
    this.#version = version;
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  update(change: (value: T) => T): Promise<void> {
    this.#value = change(this.#value);
    // One write after the other; each takes the value as it is by then, so many quick updates cost few writes.
    this.#written = this.#written.catch(() => undefined).then(() => this.#save());
    return this.#written;
  }

  async #save(): Promise<void> {
    const value = this.#value;
    if (value === this.#saved) return;
    await writeDurably(this.#path, serialise(this.#version, value));
    this.#saved = value;
  }

  settled(): Promise<void> {
    return this.#written;
  }
}

function serialise(version: number, state: unknown): string {
  return `${JSON.stringify({ version, state }, null, 1)}\n`;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new TriplicateError('config/invalid', `${path} cannot be read.`, {
      cause: error,
      hint: 'Check the permissions of the state folder. Nothing was changed.',
    });
  }
}

/**
 * Writes beside, makes durable, then switches: a crash leaves the old file or the new one, and after it has returned a power cut
 * leaves the new one. 0600. @throws `app/state-unwritable`
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolderDurably(dirname(path), 0o700);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

/** What a file is called while it is written. */
export function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

const UNFINISHED = /^(.+)\.[0-9a-f]{12}\.tmp$/;

/**
 * Removes what a process that was killed in the middle of writing has left in a folder that is ours now: the passphrase may be in
 * it. Of the file `but`, which others write too, nothing. Never throws.
 */
export async function removeUnfinished(folder: string, but: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, of = but] = UNFINISHED.exec(name) ?? [];
    if (of !== but) await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}

/** What the system said, as `app/state-unwritable`. */
export function unwritable(path: string, cause: unknown): TriplicateError {
  return new TriplicateError('app/state-unwritable', `Triplicate cannot write ${path}: ${whyNotWritten(cause)}`, {
    cause,
    data: { path },
  });
}
