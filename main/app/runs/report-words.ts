import type { CheckDepth, Finding, Report } from '../../api/contract/runs.ts';
import type { DestinationId } from '../../api/contract/values.ts';
import type { BackupOutcome, CheckOutcome, EngineFinding, PruneOutcome, RestoreOutcome } from '../engine-link/calls.ts';

/** Reports in words for a person. Pure. */

const NOTHING: Report = {
  summary: '',
  filesNew: 0,
  filesChanged: 0,
  filesUnchanged: 0,
  filesRemoved: 0,
  bytesRead: 0,
  bytesStored: 0,
  filesRestored: 0,
  bytesRestored: 0,
  findings: [],
  moreFindings: 0,
  snapshots: [],
};

export interface StoredAt {
  readonly destinationId: DestinationId;
  readonly name: string;
}

export function backupReport(outcome: BackupOutcome, destinations: readonly StoredAt[]): Report {
  const findings: Finding[] = [];
  const snapshots: Report['snapshots'] = [];
  for (const [position, { destinationId, name }] of destinations.entries()) {
    const result = outcome.results[position];
    if (result?.snapshotId) snapshots.push({ destinationId, snapshotId: result.snapshotId });
    if (result?.error)
      findings.push({ level: 'error', code: result.error.code, text: `${name}: ${result.error.message}`, path: null });
    if (result && result.damagedParts > 0)
      findings.push({
        level: 'error',
        code: 'repo/damaged',
        text: `${name}: ${damagedParts(result)}`,
        path: null,
      });
  }
  for (const { path, reason, text, partial } of outcome.leftOut) {
    findings.push({
      level: partial === 'yes' ? 'warning' : 'info',
      code: `left-out/${reason}`,
      text,
      path: path === '' ? null : path,
    });
  }
  const stored = outcome.results.reduce((sum, { bytesAdded }) => sum + bytesAdded, 0);
  return {
    ...NOTHING,
    summary: backupSummary(outcome, stored),
    filesNew: outcome.filesNew,
    filesChanged: outcome.filesChanged,
    filesUnchanged: outcome.filesUnchanged,
    filesRemoved: outcome.filesRemoved,
    bytesRead: outcome.bytesRead,
    bytesStored: stored,
    findings,
    moreFindings: outcome.moreLeftOut,
    snapshots,
  };
}

interface Lost {
  readonly damagedParts: number;
  readonly indexLost?: boolean | undefined;
}

/** What it means that a destination has damaged parts, for the report and for its card. */
export function damagedParts({ damagedParts: count, indexLost = false }: Lost): string {
  if (indexLost)
    return 'Its whole index is gone. What the folder still holds was stored again; older versions cannot be read before the index is made anew.';
  const what = count === 1 ? 'One part of it is' : `${count} parts of it are`;
  return `${what} gone or damaged. What the folder still holds was stored again; older versions may be damaged.`;
}

function backupSummary(outcome: BackupOutcome, stored: number): string {
  const parts = [
    [outcome.filesNew, 'new'],
    [outcome.filesChanged, 'changed'],
    [outcome.filesRemoved, 'removed'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString('en')} ${word}`);
  const left = outcome.leftOut.filter(({ partial }) => partial === 'yes').length + outcome.moreLeftOut;
  const rest =
    left === 0 ? '' : ` ${counted(left, 'file or folder', 'files or folders')} could not be stored as they are now.`;
  if (told.length === 0) return `Nothing had changed.${rest}`;
  return `${told.join(', ')}; ${size(stored)} stored.${rest}`;
}

export function checkReport(outcome: CheckOutcome, depth: CheckDepth): Report {
  const errors = outcome.findings.filter(({ level }) => level === 'error').length;
  const what = depth === 'read-data' ? 'Every stored byte was read' : 'The structure was checked';
  const summary =
    errors === 0
      ? `${what}; no errors in ${outcome.snapshots} ${outcome.snapshots === 1 ? 'snapshot' : 'snapshots'}.`
      : `${what}; ${errors} ${errors === 1 ? 'error was' : 'errors were'} found.`;
  return {
    ...NOTHING,
    summary,
    bytesRead: outcome.bytesRead,
    findings: plain(outcome.findings),
    moreFindings: outcome.moreFindings,
  };
}

/** How copying missed moments went. */
export interface CaughtUp {
  copied: number;
  bytesAdded: number;
  damagedParts: number;
  indexLost: boolean;
  /** Moments that only destinations have that cannot be read now. */
  away: number;
  /** Moments of which something is lost wherever they are. */
  readonly lost: { readonly time: string; readonly why: string }[];
}

export function catchUpReport(caughtUp: CaughtUp): Report {
  const { copied, bytesAdded, damagedParts: damaged, away, lost } = caughtUp;
  const findings: Finding[] = [];
  const finding = (level: Finding['level'], code: string, text: string): void => {
    findings.push({ level, code, text, path: null });
  };
  if (damaged > 0) finding('error', 'repo/damaged', damagedParts(caughtUp));
  if (away > 0) {
    const text = `${moments(away)} could not be copied yet: no destination that has ${away === 1 ? 'it' : 'them'} can be reached now.${lost.length === 0 ? ' It goes on by itself.' : ''}`;
    finding('warning', 'catch-up/away', text);
  }
  for (const { time, why } of lost.slice(0, MOST_LOST))
    finding(
      'warning',
      'catch-up/lost',
      `The moment of ${time.slice(0, 16).replace('T', ' ')} (UTC) was not copied. ${why}`,
    );
  const summary =
    copied === 0 && findings.length === 0
      ? 'Nothing was missing any more.'
      : `${moments(copied)} copied over and verified; ${size(bytesAdded)} stored.`;
  return { ...NOTHING, summary, bytesStored: bytesAdded, findings, moreFindings: Math.max(0, lost.length - MOST_LOST) };
}

const MOST_LOST = 50;

function moments(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'moment' : 'moments'}`;
}

export function pruneReport(outcome: PruneOutcome): Report {
  const { snapshotsRemoved, snapshotsKept, bytesFreed, packsReplaced, held } = outcome;
  const text = `${packsReplaced.toLocaleString('en')} ${packsReplaced === 1 ? 'file of the copies was' : 'files of the copies were'} damaged there. What was in them lay there twice and was stored anew; nothing is lost.`;
  return {
    ...NOTHING,
    findings: [
      ...(packsReplaced > 0 ? [{ level: 'warning' as const, code: 'prune/replaced', text, path: null }] : []),
      ...held.map(heldWords),
    ],
    summary: `${snapshotsRemoved} old ${snapshotsRemoved === 1 ? 'snapshot' : 'snapshots'} removed, ${snapshotsKept} kept; ${size(bytesFreed)} freed.`,
  };
}

function heldWords(path: string): Finding {
  const text = `All old versions of ${path} stay for now: the newest came more than a month after the one before, or the clock of this computer is ahead. If the clock is right, they are thinned out within a week.`;
  return { level: 'warning', code: 'prune/held', text, path };
}

export function restoreReport(outcome: RestoreOutcome, verb: 'restored' | 'tried'): Report {
  const { filesRestored, bytesRestored, findings, moreFindings } = outcome;
  const summary =
    verb === 'restored'
      ? `${files(filesRestored)} restored and verified, ${size(bytesRestored)}.`
      : `${files(filesRestored)} restored into a scratch place and compared, ${size(bytesRestored)}; thrown away again.`;
  return { ...NOTHING, summary, filesRestored, bytesRestored, findings: plain(findings), moreFindings };
}

function plain(findings: readonly EngineFinding[]): Finding[] {
  return findings.map(({ level, code, text, path }) => ({ level, code, text, path }));
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

function files(count: number): string {
  return counted(count, 'file', 'files');
}

/** Bytes in words: `12.3 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 'bytes';
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
