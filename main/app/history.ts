import type { HistoryEntry, HistoryFolder, SearchHit, TimelineMoment, Version } from '../api/contract/history.ts';
import type { Run } from '../api/contract/runs.ts';
import type { DestinationId, FolderId } from '../api/contract/values.ts';
import { hasCode } from '../engine/errors.ts';
import type { Core } from './core.ts';
import type { DestinationWatch } from './destination-watch.ts';
import type { Destinations } from './destinations.ts';
import type { HistoryScope, HistorySource } from './engine-link/calls.ts';
import type { Folders } from './folders.ts';
import { catalogFile } from './home-folder.ts';
import { isRemote } from './location.ts';
import { PastFolders } from './past-folders.ts';
import type { FolderRecord } from './records.ts';

const PREVIEW_BYTES = 64 * 1024;
const PICTURE_BYTES = 4 * 1024 * 1024;
/** Asked for with any part of a name, and a file may well be called `constructor`. */
const PICTURES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
]);

const CHANGES_HISTORY: ReadonlySet<Run['kind']> = new Set(['backup', 'prune', 'catch-up']);

type Preview =
  | { kind: 'text'; text: string; truncated: boolean }
  | { kind: 'image'; mediaType: string; base64: string }
  | { kind: 'none'; reason: string };

/** Moments, folders as they were, search and versions over all destinations, from the catalog: also while they are away. */
export class History {
  readonly #core: Core;
  readonly #folders: Folders;
  readonly #destinations: Destinations;
  readonly #watch: DestinationWatch;
  readonly #catalog: string;
  readonly #past: PastFolders;
  /** Ids of past folders of which the catalog has all that could be read. */
  readonly #pastInCatalog = new Set<string>();

  constructor(core: Core, folders: Folders, destinations: Destinations, watch: DestinationWatch) {
    this.#core = core;
    this.#folders = folders;
    this.#destinations = destinations;
    this.#watch = watch;
    this.#catalog = catalogFile(core.stateFolder);
    this.#past = new PastFolders(core, folders, () => this.#sources(destinations.records().map(({ id }) => id)));
  }

  /** Brings the catalog up to date in the background: now, after each run, and when a destination is back. */
  start(): void {
    const seen = (id: DestinationId): void => {
      this.#past.forget();
      this.#updateWhere(({ destinationIds }) => destinationIds.includes(id));
      this.#tell(this.#keep());
    };
    this.#watch.onReturned(seen);
    this.#watch.onFirstSeen(seen);
    this.#folders.onChange(({ kind }) => {
      if (kind === 'removed') this.#tell(this.#keep());
    });
    this.#core.events.subscribe((event, payload) => {
      if (event !== 'run.changed') return;
      const run = payload as Run;
      if (run.endedAt === null || !CHANGES_HISTORY.has(run.kind)) return;
      this.#updateWhere((folder) => concerns(run, folder));
    });
  }

  /** For an app that lives for one command: brings in what its runs did, and waits for that. */
  async settle(runs: readonly Run[]): Promise<void> {
    const changed = runs.filter(({ kind }) => CHANGES_HISTORY.has(kind));
    await Promise.allSettled(this.#updateWhere((folder) => changed.some((run) => concerns(run, folder))));
  }

  #updateWhere(fits: (folder: FolderRecord) => boolean): readonly Promise<void>[] {
    if (this.#core.secrets.state === 'locked') return [];
    const folders = this.#folders.records().filter(fits);
    return folders.map(({ id }) => {
      // What is on screen was answered while the catalog was behind, perhaps.
      const tell = (): void => this.#core.events.emit('history.changed', { folderId: id });
      const update = this.#core.engine.call('updateHistory', this.scope(id)).then(tell);
      this.#tell(update);
      return update;
    });
  }

  /** Forgets what neither is protected nor is held anywhere, and brings in what adopted repositories hold. */
  async #keep(): Promise<void> {
    if (this.#core.secrets.state === 'locked') return;
    const past = await this.#past.list();
    const folderIds = [...this.#folders.records(), ...past].map(({ id }) => id);
    await this.#core.engine.call('keepHistory', { catalog: this.#catalog, folderIds });
    for (const { id } of past) {
      await this.#core.engine.call('updateHistory', this.scope(id));
      this.#pastInCatalog.add(id);
      this.#core.events.emit('history.changed', { folderId: id });
    }
  }

  /** Waits until the catalog has what reachable destinations hold of the folder. */
  async bringIn(folderId: FolderId): Promise<void> {
    await this.#core.engine.call('updateHistory', this.scope(folderId));
    if (this.#past.find(folderId)) this.#pastInCatalog.add(folderId);
  }

  async pastFolders(): Promise<HistoryFolder[]> {
    return [...(await this.#past.list())];
  }

  /** A protected folder or a past one. @throws `app/not-found` */
  folder(id: string): HistoryFolder {
    const past = this.#past.find(id);
    if (past) return past;
    const { name, path, destinationIds } = this.#folders.record(id);
    return { id: id as FolderId, name, path, destinationIds: [...destinationIds] };
  }

  /** A catalog that is behind still answers; the next question tries again. */
  #tell(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!hasCode(error, 'cancelled'))
        this.#core.log.warn({ err: error }, 'the catalog could not be brought up to date');
    });
  }

  /** Newest first. */
  async moments(input: {
    folderId: FolderId;
    limit: number;
    before?: string | undefined;
  }): Promise<{ moments: TimelineMoment[]; total: number }> {
    const scope = this.scope(input.folderId);
    const all = await this.#core.engine.call('moments', scope);
    if (this.#past.find(input.folderId)) this.#pastInCatalog.add(input.folderId);
    const { before } = input;
    const older = before === undefined ? all : all.filter(({ time }) => time < new Date(before).toISOString());
    const moments = older.slice(0, input.limit).map((moment) => ({
      ...moment,
      copies: bestFirst(moment.copies, scope).map((copy) => ({
        ...copy,
        destinationId: copy.destinationId as DestinationId,
      })),
    }));
    return { moments, total: all.length };
  }

  async browse(input: {
    folderId: FolderId;
    momentId: string;
    key?: string | undefined;
    offset: number;
    limit: number;
  }): Promise<{ entries: HistoryEntry[]; total: number }> {
    const { momentId, key = '', offset, limit } = input;
    const page = await this.#core.engine.call('browse', {
      ...this.scope(input.folderId),
      momentId,
      key,
      offset,
      limit,
    });
    return { entries: [...page.entries], total: page.total };
  }

  async search(input: {
    text: string;
    folderId?: FolderId | undefined;
    deletedOnly: boolean;
    limit: number;
  }): Promise<{ hits: SearchHit[]; more: boolean; tookMs: number }> {
    const started = performance.now();
    const folders = input.folderId ? [this.folder(input.folderId)] : this.#searchable();
    const scopes = folders.map(({ id }) => this.scope(id));
    const which = input.deletedOnly ? 'deleted' : 'all';
    const found = await this.#core.engine.call('search', { scopes, text: input.text, which, limit: input.limit });
    const names = new Map(folders.map(({ id, name }) => [id as string, name]));
    const hits = found.hits.map((hit) => ({
      ...hit,
      folderId: hit.folderId as FolderId,
      folderName: names.get(hit.folderId) ?? '',
    }));
    return { hits, more: found.more, tookMs: performance.now() - started };
  }

  /**
   * Past folders only once they are in the catalog: bringing in a large repository takes its time. No destination is asked:
   * a search answers while the person types.
   */
  #searchable(): readonly HistoryFolder[] {
    const past = this.#past.known().filter(({ id }) => this.#pastInCatalog.has(id));
    return [...this.#folders.records().map(({ id }) => this.folder(id)), ...past];
  }

  /** Newest first. */
  async versions(input: { folderId: FolderId; key: string }): Promise<Version[]> {
    const versions = await this.#core.engine.call('versions', { ...this.scope(input.folderId), key: input.key });
    return versions.map((one) => ({ ...one, destinationIds: one.destinationIds.map((id) => id as DestinationId) }));
  }

  async preview(input: { folderId: FolderId; momentId: string; key: string }): Promise<Preview> {
    const name = Buffer.from(input.key, 'base64url').toString('utf8');
    const mediaType = PICTURES.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
    const maxBytes = mediaType ? PICTURE_BYTES : PREVIEW_BYTES;
    const { folderId, momentId, key } = input;
    const start = await this.#core.engine.call('readStart', { ...this.scope(folderId), momentId, key, maxBytes });
    if (start.type !== 'file') return { kind: 'none', reason: 'Only files can be looked at.' };
    if (mediaType) {
      if (start.size > PICTURE_BYTES) return { kind: 'none', reason: 'This picture is too large for a preview.' };
      return { kind: 'image', mediaType, base64: Buffer.from(start.bytes).toString('base64') };
    }
    const truncated = start.size > start.bytes.length;
    const text = readText(start.bytes, truncated ? 'cut' : 'whole');
    return text === undefined
      ? { kind: 'none', reason: 'This kind of file cannot be shown here.' }
      : { kind: 'text', text, truncated };
  }

  /** A folder, its part of the catalog, and the places that can be read now; there may be none. */
  scope(folderId: string): HistoryScope {
    const { path, destinationIds } = this.folder(folderId);
    return { catalog: this.#catalog, folderId, root: path, destinationIds, sources: this.#sources(destinationIds) };
  }

  /** Damaged ones are read too, last: a part of them may be all that is left. */
  #sources(destinationIds: readonly DestinationId[]): readonly HistorySource[] {
    const usable = destinationIds.filter((id) => ['ready', 'damaged'].includes(this.#watch.live(id).state));
    const isFar = (id: DestinationId): number => Number(isRemote(this.#destinations.record(id).location));
    const isDamaged = (id: DestinationId): number =>
      Number(this.#watch.live(id).state === 'damaged' || this.#destinations.record(id).damage !== null);
    return usable
      .toSorted((a, b) => isDamaged(a) - isDamaged(b) || isFar(a) - isFar(b))
      .map((id) => ({ destinationId: id, repository: this.#destinations.address(id) }));
  }
}

function concerns({ folderId, destinationIds }: Run, folder: FolderRecord): boolean {
  return folderId ? folder.id === folderId : folder.destinationIds.some((id) => destinationIds.includes(id));
}

/** Copies of one moment in the order in which a restore would take them; those that are away come last. */
export function bestFirst<Copy extends { readonly destinationId: string }>(
  copies: readonly Copy[],
  { sources }: HistoryScope,
): readonly Copy[] {
  const order = new Map(sources.map(({ destinationId }, position) => [destinationId, position]));
  const place = ({ destinationId }: Copy): number => order.get(destinationId) ?? order.size;
  return copies.toSorted((a, b) => place(a) - place(b));
}

function readText(bytes: Uint8Array, end: 'cut' | 'whole'): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: end === 'cut' });
  } catch {
    return undefined;
  }
}
