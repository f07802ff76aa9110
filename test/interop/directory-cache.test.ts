import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BackupReport, type BackupRequest, backup, loadIndex, type Repository } from '../../main/engine/engine.ts';
import type { TreeId } from '../../main/engine/ids.ts';
import { hostAheadBy, newRepository, PASSPHRASE, quickEngine, reopen, subtreeAt } from '../support/engine.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** What a full scan leaves for the next one: used where it holds, and nowhere else. */

const HOUR = 3_600_000_000_000n;
let scratch: TemporaryFolder;
let source: string;
let repository: Repository;
/** What is added to the machine's clock. */
let shift = 0n;

beforeEach(async () => {
  scratch = await temporaryFolder('directory-cache');
  source = join(scratch.path, 'source');
  for (const folder of ['kept/deep/er', 'other']) await mkdir(join(source, folder), { recursive: true });
  for (const file of ['kept/a', 'kept/deep/b', 'kept/deep/er/c', 'other/d', 'other/e']) {
    await writeFile(join(source, file), `content of ${file}`);
  }
  shift = 0n;
  repository = await newRepository(join(scratch.path, 'repository'), { host: hostAheadBy(() => shift) });
});
afterEach(() => scratch.remove());

async function run(
  extra: Partial<BackupRequest> = {},
  to: readonly Repository[] = [repository],
): Promise<BackupReport> {
  const destinations = to.map((one) => ({ repository: one }));
  return backup({ destinations, paths: [source], workingDirectory: '/', ...extra });
}

const judge = (one = repository) =>
  restic({ repository: one.store.location, passphrase: PASSPHRASE, scratch: scratch.path });

/** Turns a bit in the stored text of a folder. Whoever reads it notices. */
async function damage(report: BackupReport, folder: string): Promise<void> {
  const { index } = await loadIndex(repository);
  const tree = (await subtreeAt(repository, report.tree, join(source, folder))) as TreeId;
  const place = index.lookup('tree', tree as never);
  if (!place) throw new Error('The folder has no place.');
  const path = join(repository.store.location, 'data', place.packId.slice(0, 2), place.packId);
  const bytes = await readFile(path);
  bytes[place.offset + 20] = (bytes[place.offset + 20] ?? 0) ^ 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

const damagedIn = ({ results }: BackupReport): number | undefined => results[0]?.damagedParts;

describe('a full scan after another', () => {
  it('takes over what looks as before without reading it, and counts it', async () => {
    const first = await run();
    await damage(first, 'kept/deep');
    const second = await run({ directoryCache: first.directoryCache as Uint8Array });
    expect(damagedIn(second)).toBe(0);
    expect(await subtreeAt(repository, second.tree, source)).toBe(await subtreeAt(repository, first.tree, source));
    expect(second).toMatchObject({ filesNew: 0, filesChanged: 0, filesUnchanged: 5, bytesTotal: first.bytesTotal });
    // Which a scan without it would have noticed.
    expect(damagedIn(await run())).toBe(1);
  });

  it('finds a change deep below what looks as before', async () => {
    const first = await run();
    await writeFile(join(source, 'kept/deep/er/c'), 'another content');
    const second = await run({ directoryCache: first.directoryCache as Uint8Array });
    expect(second).toMatchObject({ filesNew: 0, filesChanged: 1, filesUnchanged: 4, filesRemoved: 0 });
    await judge().check('--read-data');
    const fresh = await newRepository(join(scratch.path, 'fresh'), {
      chunkerPolynomial: repository.config.chunkerPolynomial,
    });
    const whole = await run({}, [fresh]);
    expect(await subtreeAt(repository, second.tree, source)).toBe(await subtreeAt(fresh, whole.tree, source));
  });

  it('neither reads nor counts again what a run over watched changes has stored since', async () => {
    const first = await run();
    // The folders above look as before: only what is in the file is another.
    await writeFile(join(source, 'kept/deep/er/c'), 'another content');
    const watched = await run({ dirtyDirectories: new Set([join(source, 'kept/deep/er')]) });
    expect(watched).toMatchObject({ scan: 'changes', filesNew: 0, filesChanged: 1 });
    const second = await run({ directoryCache: first.directoryCache as Uint8Array });
    expect(second).toMatchObject({ filesNew: 0, filesChanged: 0, filesRemoved: 0, filesUnchanged: 5, bytesRead: 0 });
    expect(await subtreeAt(repository, second.tree, source)).toBe(await subtreeAt(repository, watched.tree, source));
  });

  it('begins anew when it needs a folder that is damaged', async () => {
    const first = await run();
    await damage(first, 'kept/deep');
    await writeFile(join(source, 'kept/deep/er/c'), 'another content');
    const second = await run({ directoryCache: first.directoryCache as Uint8Array });
    expect(damagedIn(second)).toBe(1);
    expect(second.results[0]?.snapshotId).toBeDefined();
    // What it left must not be relied on: the next scan reads everything.
    expect(second.directoryCache).toBeUndefined();
    const fresh = await newRepository(join(scratch.path, 'fresh'), {
      chunkerPolynomial: repository.config.chunkerPolynomial,
    });
    const whole = await run({}, [fresh]);
    expect(await subtreeAt(repository, second.tree, source)).toBe(await subtreeAt(fresh, whole.tree, source));
  });

  it('names again what cannot be kept', async () => {
    const socket = spawn('perl', [
      '-MIO::Socket::UNIX',
      '-e',
      'my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1); $| = 1; print "up"; sleep',
      join(source, 'kept/socket'),
    ]);
    try {
      await once(socket.stdout, 'data');
      let last = await run();
      for (let again = 0; again < 2; again++) {
        last = await run({ directoryCache: last.directoryCache as Uint8Array });
        expect(last.leftOut).toMatchObject([{ reason: 'socket', path: join(source, 'kept/socket') }]);
      }
    } finally {
      socket.kill();
    }
  });

  it('counts what the rules leave out each time', async () => {
    await writeFile(join(source, 'other/large'), Buffer.alloc(5000));
    await writeFile(join(source, 'kept/x.tmp'), 'x');
    const rules = { excludes: ['*.tmp'], excludeLargerThan: 1000 };
    const first = await run(rules);
    const second = await run({ ...rules, directoryCache: first.directoryCache as Uint8Array });
    expect(first.excluded).toBe(2);
    expect(second).toMatchObject({ excluded: 2, filesUnchanged: 5 });
  });
});

/** What was made then and is used now, and why that must not be. */
const unfit: Readonly<Record<string, (first: BackupReport) => Promise<Partial<BackupRequest>>>> = {
  'is damaged': async ({ directoryCache = new Uint8Array() }) => {
    const bytes = Buffer.from(directoryCache);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    return { directoryCache: bytes };
  },
  'is cut short': async ({ directoryCache = new Uint8Array() }) => ({ directoryCache: directoryCache.subarray(0, 40) }),
  'is empty': async () => ({ directoryCache: new Uint8Array() }),
  'is of other rules': async () => ({ excludes: ['*.nothing'] }),
  'is of another working directory': async () => ({ workingDirectory: scratch.path }),
  'is more than a week old': async () => {
    shift = 7n * 24n * HOUR + HOUR;
    return {};
  },
  'is from the future': async () => {
    shift = HOUR;
    const { directoryCache } = await run();
    shift = 0n;
    return { directoryCache: directoryCache as Uint8Array };
  },
  'is of a later scan than the snapshot to compare with': async () => {
    const { directoryCache, results } = await run();
    await judge().run('forget', results[0]?.snapshotId ?? '');
    return { directoryCache: directoryCache as Uint8Array };
  },
  'is older than the index': async () => {
    await judge().run('rebuild-index', '--read-all-packs');
    return {};
  },
  'is of another repository': async () => {
    const other = await newRepository(join(scratch.path, 'other repository'));
    const { directoryCache } = await run({}, [other]);
    return { directoryCache: directoryCache as Uint8Array };
  },
};

describe.each(Object.keys(unfit))('a cache that %s', (why) => {
  it('is not used', async () => {
    const first = await run();
    const extra = await unfit[why]?.(first);
    await damage(first, 'other');
    const second = await run({ directoryCache: first.directoryCache as Uint8Array, ...extra });
    // The scan has read the folder.
    expect(damagedIn(second)).toBe(1);
  });
});

it('is not used when a pack is gone', async () => {
  const first = await run();
  const { index } = await loadIndex(repository);
  const blobs = [...index.packs()].find(({ blobs }) => blobs.some(({ type }) => type === 'data'));
  const pack = blobs?.id ?? '';
  await rm(join(repository.store.location, 'data', pack.slice(0, 2), pack));
  const second = await run({ directoryCache: first.directoryCache as Uint8Array });
  expect(damagedIn(second)).toBe(1);
  expect(second.bytesRead).toBe(first.bytesRead);
  expect(second.directoryCache).toBeUndefined();
});

it('is used only where every destination has what it stands for', async () => {
  const second = await newRepository(join(scratch.path, 'second'), {
    chunkerPolynomial: repository.config.chunkerPolynomial,
  });
  await run({}, [repository, second]);
  await writeFile(join(source, 'other/new'), 'while the second was away');
  const alone = await run();
  const both = await run({ directoryCache: alone.directoryCache as Uint8Array }, [repository, second]);
  expect(both.results.map(({ snapshotId, error }) => [typeof snapshotId, error])).toEqual([
    ['string', undefined],
    ['string', undefined],
  ]);
  for (const one of [repository, second]) {
    await judge(one).check('--read-data');
    const { stdout } = await judge(one).run('ls', 'latest');
    expect(stdout).toContain('other/new');
  }
  const again = await run({ directoryCache: both.directoryCache as Uint8Array }, [repository, second]);
  expect(again).toMatchObject({ filesUnchanged: 6, filesNew: 0, filesChanged: 0 });
});

it('is left by the command for its next run, and can be passed over', async () => {
  const location = join(scratch.path, 'by command');
  const cache = join(scratch.path, 'cache');
  const program = join(import.meta.dirname, '../../main/bin.js');
  const command = (...args: string[]) =>
    execFileSync(process.execPath, [program, 'repo', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TRIPLICATE_PASSWORD: PASSPHRASE, XDG_CACHE_HOME: cache },
    });
  command('init', location);
  command('backup', location, source);
  const left = await readdir(join(cache, 'triplicate/scans'));
  expect(left).toHaveLength(1);
  repository = await reopen(location);
  const { tree } = (await judge().snapshots())[0] as { tree: string };
  await damage({ tree } as BackupReport, 'kept/deep');
  expect(command('backup', location, source)).toContain('5 unchanged');
  // It ends with 3, as it has found the damage.
  expect(() => command('backup', '--no-cache', location, source)).toThrow(/has lost 1/);
  expect(await readdir(join(cache, 'triplicate/scans'))).toEqual(left);
});

it('is left by the app for its next full scan, but not where something is damaged', async () => {
  const engine = quickEngine();
  try {
    const location = join(scratch.path, 'of the app');
    const address = { location, passphrase: PASSPHRASE };
    const scansFolder = join(scratch.path, 'state/scans');
    await engine.call('create', { repository: address, like: null });
    const scan = (folder: string | null) =>
      engine.call('backup', {
        repositories: [address],
        path: source,
        excludes: [],
        excludeLargerThan: null,
        markers: 'ignore',
        dirtyDirectories: null,
        scansFolder: folder,
      });
    await scan(scansFolder);
    expect(await readdir(scansFolder)).toHaveLength(1);
    repository = await reopen(location);
    const { tree } = (await judge().snapshots())[0] as { tree: string };
    await damage({ tree } as BackupReport, 'kept/deep');
    expect(await scan(scansFolder)).toMatchObject({ results: [{ damagedParts: 0 }], filesUnchanged: 5 });
    expect(await scan(null)).toMatchObject({ results: [{ damagedParts: 1 }], filesUnchanged: 3, filesNew: 2 });
  } finally {
    await engine.close();
  }
});
