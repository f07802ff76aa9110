/**
 * `npm run bench [-- --quick] [part…]`: Triplicate and its peers in turn on the same seeded data, on this machine, in one
 * run. Prints tables with medians and ratios, and writes them into docs/benchmarks.md. `--quick` takes a tenth of the data
 * once, in a minute or two, and writes nothing; `--once` takes all of it, but only once. Parts: mixed, small, large, paths,
 * extremes, remote, idle; `catalog` measures the history search and prints only. All but that one when none is named.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from './cases/case.ts';
import { extremes } from './cases/extremes.ts';
import { idle } from './cases/idle.ts';
import { largeFile } from './cases/large-file.ts';
import { manyPaths } from './cases/many-paths.ts';
import { remote } from './cases/remote.ts';
import { mixed, small } from './cases/trees.ts';
import { measureCatalog } from './catalog.ts';
import { tableOf, writePart } from './report.ts';

const CASES: readonly Case[] = [mixed, small, largeFile, manyPaths, extremes, remote, idle];
const FLAGS = ['--quick', '--once'];
const words = process.argv.slice(2);
const asked = words.filter((word) => !FLAGS.includes(word));
const quick = words.includes('--quick');
const once = quick || words.includes('--once');
const unknown = asked.filter((name) => name !== 'catalog' && !CASES.some((one) => one.name === name));

async function runCase(one: Case): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), `triplicate-bench-${one.name}-`));
  try {
    process.stdout.write(`\n${one.title}\n`);
    const rows = await one.run({ scratch, scale: quick ? 0.1 : 1, rounds: once ? 1 : 3 });
    process.stdout.write(`\n${tableOf(rows)}\n`);
    if (!quick) writePart(one.title, one.about, rows);
  } finally {
    used.push(scratch);
    emptyLargeFiles(scratch);
  }
}

/** Folders that are removed when everything has been measured. */
const used: string[] = [];
const LARGE_BYTES = 1024 * 1024;

/**
 * Gives the disk back most of its room without removing a file: for minutes after files were removed, ext4 looks long for inodes
 * that it may use again, which whoever restores first would pay for.
 */
function emptyLargeFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || statSync(path).size < LARGE_BYTES) continue;
    // Packs are read-only.
    chmodSync(path, 0o600);
    truncateSync(path);
  }
}

if (unknown.length > 0) {
  process.stderr.write(
    `There is no part ${unknown.join(', ')}. Parts: ${CASES.map(({ name }) => name).join(', ')}, catalog. Flags: ${FLAGS.join(', ')}.\n`,
  );
  process.exitCode = 2;
} else {
  // As a person has it who has started the program once.
  const built = spawnSync(process.execPath, ['scripts/build.ts', '--if-stale', 'cli'], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('The command line could not be built.');
  try {
    for (const one of CASES) if (asked.length === 0 || asked.includes(one.name)) await runCase(one);
  } finally {
    for (const folder of used) rmSync(folder, { recursive: true, force: true });
  }
  if (asked.includes('catalog')) process.stdout.write(`${await measureCatalog(quick ? 'quick' : 'whole')}\n`);
}
