/**
 * `npm run bench [-- --quick]`: Triplicate and stock restic in turn on the same seeded data, on this machine, in one run.
 * Prints medians and ratios and writes docs/benchmarks.md. `--quick` takes a tenth of the data once. `-- catalog` measures
 * the catalog alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureCatalog } from './catalog.ts';
import { type DataSet, mixedTree, smallFiles } from './data.ts';
import { type Measured, measure, median } from './measure.ts';

const quick = process.argv.includes('--quick');
const scale = quick ? 0.1 : 1;
const rounds = quick ? 1 : 3;
const PASSPHRASE = 'bench';
const TRIPLICATE = [process.execPath, fileURLToPath(new URL('../main/bin.js', import.meta.url))];
const scratch = mkdtempSync(join(tmpdir(), 'triplicate-bench-'));

interface Row {
  readonly work: string;
  readonly ours: readonly Measured[];
  readonly theirs: readonly Measured[];
}

const env = {
  TRIPLICATE_PASSWORD: PASSPHRASE,
  RESTIC_PASSWORD: PASSPHRASE,
  RESTIC_CACHE_DIR: join(scratch, 'cache'),
};

async function compare(data: DataSet): Promise<readonly Row[]> {
  const source = join(scratch, 'source', data.name);
  data.make(source, scale);
  const rows = ['first backup', 'unchanged', 'restore'].map((work) => ({
    work: `${work}, ${data.name}`,
    ours: [] as Measured[],
    theirs: [] as Measured[],
  }));
  for (let round = 0; round < rounds; round++) {
    const ours = join(scratch, `ours-${round}`);
    const theirs = join(scratch, `theirs-${round}`);
    const target = join(scratch, 'restored');
    await measure([...TRIPLICATE, 'repo', 'init', ours], env);
    await measure(['restic', '-q', '-r', theirs, 'init'], env);
    const ourWork = [
      ['repo', 'backup', ours, source],
      ['repo', 'backup', ours, source],
      ['repo', 'restore', ours, 'latest', '--target', target],
    ];
    const theirWork = [
      ['backup', source],
      ['backup', source],
      ['restore', 'latest', '--target', target],
    ];
    for (const [position, row] of rows.entries()) {
      row.ours.push(await measure([...TRIPLICATE, ...(ourWork[position] ?? [])], env));
      rmSync(target, { recursive: true, force: true });
      row.theirs.push(await measure(['restic', '-q', '-r', theirs, ...(theirWork[position] ?? [])], env));
      rmSync(target, { recursive: true, force: true });
    }
    rmSync(ours, { recursive: true, force: true });
    rmSync(theirs, { recursive: true, force: true });
  }
  rmSync(source, { recursive: true, force: true });
  return rows;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ work, ours, theirs }) => {
    const [mine, other] = [median(ours.map(({ seconds }) => seconds)), median(theirs.map(({ seconds }) => seconds))];
    const memory = (all: readonly Measured[]): number => Math.max(...all.map(({ peakMB }) => peakMB));
    return `| ${work} | ${mine.toFixed(2)} s | ${other.toFixed(2)} s | ${(mine / other).toFixed(2)} | ${memory(ours)} MB | ${memory(theirs)} MB |`;
  });
  return ['| work | Triplicate | restic | ratio | peak | restic peak |', '|---|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

async function compareAll(): Promise<void> {
  const rows = [...(await compare(mixedTree)), ...(await compare(smallFiles))];
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  process.stdout.write(`${table(rows)}\n`);
  if (!quick) {
    const text = `# Benchmarks\n\nMedians of ${rounds} rounds by \`npm run bench\`, each program in turn on the same data; ${machine}.\n\n${table(rows)}\n`;
    writeFileSync(fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url)), text);
  }
}

try {
  if (process.argv.includes('catalog')) process.stdout.write(`${await measureCatalog(quick ? 'quick' : 'whole')}\n`);
  else await compareAll();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
