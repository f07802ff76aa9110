/**
 * `npm run bench -- catalog [--quick]`: the catalog over 1 M paths and 1,000 moments with 100 changes in ten folders each, written through
 * its own code from made-up directories. Prints times, memory and the size of the file; `--quick` takes a tenth of both.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { browse, versionsOf } from '../main/catalog/answers.ts';
import { applyMoments } from '../main/catalog/apply-moments.ts';
import { Database } from '../main/catalog/database.ts';
import { FolderPart } from '../main/catalog/folder-part.ts';
import type { CatalogNode } from '../main/catalog/node-value.ts';
import type { ReadTrees } from '../main/catalog/read-trees.ts';
import { search } from '../main/catalog/search.ts';
import { Writing } from '../main/catalog/writing.ts';
import type { BlobId, TreeId } from '../main/engine/ids.ts';
import { median } from './measure.ts';

const FILES_IN_FOLDER = 100;
const FOLDERS_IN_GROUP = 100;
const WORDS =
  'invoice report letter holiday photo draft final budget meeting notes contract summer winter family house garden tax project music recipe'.split(
    ' ',
  );
const ENDS = ['txt', 'pdf', 'jpg', 'docx', 'ts'];
/** Common and rare, from the first letter on, several words, in a path, and one that is nowhere. */
const QUERIES = [
  'i',
  'in',
  'inv',
  'invoice',
  'oice',
  'report 7',
  'jpg',
  'report final 12345',
  'été',
  'group 7 tax',
  'xqz',
];

/** Directories of which only the changed ones are kept between two moments. */
class Tree {
  /** The moment of the newest change of each file, folder and group that changed at all. */
  readonly #revisions = new Map<string, number>();
  readonly #groups: number;
  #moment = 0;

  constructor(groups: number) {
    this.#groups = groups;
  }

  /** Ten files in each of ten folders all over the tree have new content. Returns the root's id. */
  next(): string {
    this.#moment++;
    for (let change = 0; change < (this.#moment > 1 ? 100 : 0); change++) {
      const folders = this.#groups * FOLDERS_IN_GROUP;
      const folder = (this.#moment * 7919 + Math.floor(change / 10) * 1013) % folders;
      const file = folder * FILES_IN_FOLDER + ((this.#moment + change) % FILES_IN_FOLDER);
      for (const changed of [`file ${file}`, `folder ${folder}`, `group ${Math.floor(folder / FOLDERS_IN_GROUP)}`])
        this.#revisions.set(changed, this.#moment);
    }
    return `root ${this.#moment}`;
  }

  readonly read: ReadTrees = async (ids) => new Map(ids.map((id) => [id, this.#directory(id)]));

  #directory(id: string): readonly CatalogNode[] {
    const [kind = '', text = '0'] = id.split(' ');
    const number = Number(text);
    if (kind === 'root')
      return Array.from({ length: this.#groups }, (_, group) => this.#below(`group ${group}`, group, 'group'));
    if (kind === 'group')
      return Array.from({ length: FOLDERS_IN_GROUP }, (_, folder) => {
        const at = number * FOLDERS_IN_GROUP + folder;
        return this.#below(`${WORDS[at % WORDS.length]} ${at}`, at, 'folder');
      });
    return Array.from({ length: FILES_IN_FOLDER }, (_, file) =>
      fileNode(number * FILES_IN_FOLDER + file, this.#revisions),
    );
  }

  /** Its id changes with what is below it. */
  #below(name: string, number: number, kind: 'group' | 'folder'): CatalogNode {
    const newest = this.#revisions.get(`${kind} ${number}`) ?? 0;
    const subtree = `${kind} ${number} ${newest}` as TreeId;
    return {
      name: Buffer.from(name),
      type: 'dir',
      size: 0,
      content: null,
      mtime: { ns: BigInt(newest) * 1_000_000n },
      subtree,
    };
  }
}

function fileNode(file: number, revisions: ReadonlyMap<string, number>): CatalogNode {
  const revision = revisions.get(`file ${file}`) ?? 0;
  const [first, second] = [WORDS[file % WORDS.length], WORDS[(file * 7) % 19]];
  const content = [createHash('sha256').update(`${file} ${revision}`).digest('hex') as BlobId];
  const mtime = { ns: BigInt(1_600_000_000_000 + revision) * 1_000_000n };
  return {
    name: Buffer.from(`${first} ${second}-${file}.${ENDS[file % ENDS.length]}`),
    type: 'file',
    size: file,
    content,
    mtime,
  };
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}

function timed<T>(work: () => T): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

export async function measureCatalog(size: 'whole' | 'quick'): Promise<string> {
  const [groups, moments] = size === 'whole' ? [100, 1000] : [10, 100];
  const scratch = mkdtempSync(join(tmpdir(), 'triplicate-bench-'));
  try {
    const database = Database.open(join(scratch, 'catalog.db'));
    const tree = new Tree(groups);
    const appended: number[] = [];
    for (let moment = 0; moment < moments; moment++) {
      const root = tree.next();
      const started = performance.now();
      const part = FolderPart.open(database, 'folder', '/folder');
      const at = 1_700_000_000_000_000 + moment * 3_600_000_000;
      database.run('INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, NULL)', part.number, 'disk', root, at, root);
      const writing = new Writing(database);
      await writing.run(() => applyMoments(part, tree.read, writing));
      appended.push(performance.now() - started);
    }
    const [first = 0, ...later] = appended;
    const part = FolderPart.open(database, 'folder', '/folder');
    const asked = QUERIES.map((text) => ({
      text,
      times: Array.from({ length: 20 }, () =>
        timed(() => search([{ folderId: 'folder', part }], { text, which: 'all', limit: 100 })),
      ),
    }));
    const deleted = timed(() => search([{ folderId: 'folder', part }], { text: '', which: 'deleted', limit: 500 }));
    const all = asked.flatMap(({ times }) => times);
    const key = Buffer.from(`group 1/${WORDS[100 % WORDS.length]} 100`).toString('base64url');
    const browsed = timed(() => browse(part, 'latest', key));
    const file = Buffer.concat([
      Buffer.from(key, 'base64url'),
      Buffer.from('/'),
      fileNode(100 * FILES_IN_FOLDER, new Map()).name,
    ]);
    const versions = timed(() => versionsOf(part, file.toString('base64url')));
    const memory = Math.round(process.memoryUsage.rss() / 1e6);
    database.close();
    const megabytes = Math.round(statSync(join(scratch, 'catalog.db')).size / 1e6);
    const paths = groups * FOLDERS_IN_GROUP * FILES_IN_FOLDER;
    return [
      `| catalog of ${paths.toLocaleString('en')} files × ${moments.toLocaleString('en')} moments | |`,
      '|---|---|',
      `| first moment | ${(first / 1000).toFixed(1)} s |`,
      `| one more moment with 100 changes in ten folders, median / p95 | ${median(later).toFixed(0)} / ${quantile(later, 0.95).toFixed(0)} ms |`,
      `| search, p50 / p95 / slowest | ${quantile(all, 0.5).toFixed(1)} / ${quantile(all, 0.95).toFixed(1)} / ${Math.max(...all).toFixed(1)} ms |`,
      `| search, p95 by query | ${asked.map(({ text, times }) => `${text}: ${quantile(times, 0.95).toFixed(1)}`).join(', ')} ms |`,
      `| a folder as it was / versions of a file / what was deleted | ${browsed.toFixed(1)} / ${versions.toFixed(1)} / ${deleted.toFixed(1)} ms |`,
      `| file | ${megabytes} MB |`,
      `| memory of the whole process | ${memory} MB |`,
    ].join('\n');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
