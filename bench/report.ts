import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Measured, median } from './measure.ts';

/** One kind of work by one program, as often as it was repeated. */
export interface Row {
  readonly work: string;
  readonly program: string;
  readonly runs: readonly Measured[];
  /** Bytes of the repository after it, in MB. */
  readonly storedMB?: number;
  /** What this row is held against: a part of another program's time, or so many seconds. */
  readonly limits?: readonly Limit[];
}

export type Limit =
  /** `work`: the other program's, where it does this in another way. */
  | { readonly kind: 'ratio'; readonly to: string; readonly most: number; readonly work?: string }
  | { readonly kind: 'stored'; readonly to: string; readonly most: number }
  | { readonly kind: 'seconds' | 'peakMB'; readonly most: number };

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const INTRODUCTION = `# Benchmarks

Written by \`npm run bench\`: Triplicate and its peers in turn on the same seeded data, on one machine, in one run, with the
data in the system's cache, but where a row says otherwise. Times are medians; CPU is that of the whole process tree, the peak its resident memory.
A restore ends when its bytes are on the disk: Triplicate sees to that itself, the others are followed by \`sync -f\`.
\`cp\` stands beside the restores to show what the disk alone needs.
"of restic" is the ratio of the medians. The limits are the budgets that
Triplicate sets itself; what is above one stands in **bold**.
`;

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const other = rows.find(({ work, program }) => work === row.work && program === 'restic');
    const ratio = other && other !== row ? (time(row) / time(other)).toFixed(2) : '';
    const verdicts = (row.limits ?? []).map((limit) => verdict(limit, row, rows)).join(', ');
    const cpu = median(row.runs.map(({ cpuSeconds }) => cpuSeconds));
    const peak = Math.max(...row.runs.map(({ peakMB }) => peakMB));
    const cells = [
      row.work,
      row.program,
      `${time(row).toFixed(2)} s`,
      ratio,
      Number.isNaN(cpu) ? '' : `${cpu.toFixed(1)} s`,
      peak > 0 ? `${peak} MB` : '',
      row.storedMB === undefined ? '' : `${row.storedMB.toFixed(0)} MB`,
      verdicts,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| work | program | time | of restic | CPU | peak | stored | limit |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** Puts a part's table into docs/benchmarks.md in the place of its earlier one. */
export function writePart(title: string, about: string, rows: readonly Row[]): void {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  const day = new Date().toISOString().slice(0, 10);
  const rounds = rows[0]?.runs.length ?? 0;
  const text = `## ${title}\n\n${about} ${day}, ${rounds === 1 ? 'one round' : `${rounds} rounds`}, ${machine}.\n\n${tableOf(rows)}\n`;
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : INTRODUCTION;
  const parts = page.split(/^(?=## )/m).filter((part) => !part.startsWith('## ') || !part.startsWith(`## ${title}\n`));
  const [, ...others] = parts;
  const sorted = [...others.map((part) => `${part.trim()}\n`), text].sort();
  writeFileSync(PAGE, [INTRODUCTION, ...sorted].join('\n'));
}

function time({ runs }: Row): number {
  return median(runs.map(({ seconds }) => seconds));
}

function verdict(limit: Limit, row: Row, rows: readonly Row[]): string {
  const wanted = (limit.kind === 'ratio' ? limit.work : undefined) ?? row.work;
  const other = 'to' in limit ? rows.find(({ work, program }) => work === wanted && program === limit.to) : undefined;
  const value = measuredBy(limit, row, other);
  const unit = limit.kind === 'seconds' ? ' s' : limit.kind === 'peakMB' ? ' MB' : '';
  const text = `${comparison(limit)}≤ ${limit.most}${unit}`;
  return value === undefined || value <= limit.most ? text : `**${text}: ${value.toFixed(2)}${unit}**`;
}

/** What the limit is a part of, with a space behind it; nothing for one of its own. */
function comparison(limit: Limit): string {
  switch (limit.kind) {
    case 'seconds':
    case 'peakMB':
      return '';
    case 'stored':
      return `bytes of ${limit.to} `;
    case 'ratio':
      return limit.work === undefined ? `of ${limit.to} ` : `of ${limit.to}, ${limit.work}, `;
  }
}

function measuredBy(limit: Limit, row: Row, other: Row | undefined): number | undefined {
  switch (limit.kind) {
    case 'seconds':
      return time(row);
    case 'peakMB':
      return Math.max(...row.runs.map(({ peakMB }) => peakMB));
    case 'ratio':
      return other ? time(row) / time(other) : undefined;
    case 'stored':
      return other && row.storedMB && other.storedMB ? row.storedMB / other.storedMB : undefined;
  }
}
