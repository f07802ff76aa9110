import type { Finding } from '../api/contract/runs.ts';
import type { ContractError, DestinationId } from '../api/contract/values.ts';
import { hasCode, TriplicateError } from '../engine/errors.ts';
import { proofLimit } from './copies.ts';
import { type Core, copyOf, isoNow, updateCopy } from './core.ts';
import { damageMet } from './damage.ts';
import type { Destinations } from './destinations.ts';
import { DrillFolders } from './drill-folders.ts';
import { ageOf } from './elapsed.ts';
import type { RestoreOutcome, SampleLimit } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';
import type { Folders } from './folders.ts';
import { noteDamage } from './note-damage.ts';
import type { FolderRecord } from './records.ts';
import { removeTree } from './remove-tree.ts';
import { restoreReport, size } from './runs/report-words.ts';
import type { RunProgress, RunResult, RunTools } from './runs/runs.ts';

/** The first proof follows the first backup at once, so it must be quick, from a slow cloud too. */
const FIRST: SampleLimit = { files: 8, bytes: 32_000_000 };
/** A drill later on may take its time, but must fit on the disk for temporary files. */
const DRILL: SampleLimit = { files: 500, bytes: 1_000_000_000 };

/** What a proof found: for the report of the run, and the damage when there is some. */
export interface Proof {
  readonly findings: readonly Finding[];
  readonly error: ContractError | null;
}

/** Restores that nobody asked for: they show that a copy can be restored, and only then it counts. */
export class Proofs {
  readonly #core: Core;
  readonly #folders: Folders;
  readonly #destinations: Destinations;
  readonly #scratch: DrillFolders;

  constructor(core: Core, folders: Folders, destinations: Destinations) {
    this.#core = core;
    this.#folders = folders;
    this.#destinations = destinations;
    this.#scratch = new DrillFolders(core.stateFolder);
  }

  /** Proves what a backup has just stored, where that was never done or too long ago. Never throws: the backup stands. */
  async afterBackup(folder: FolderRecord, destinationIds: readonly DestinationId[], tools: RunTools): Promise<Proof> {
    const due = destinationIds.filter((id) => this.#isDue(folder, id));
    const proofs = await Promise.all(due.map((id) => this.#proveFirst(folder, id, tools)));
    return {
      findings: proofs.flatMap(({ findings }) => findings),
      error: proofs.find(({ error }) => error !== null)?.error ?? null,
    };
  }

  /** Tries a restore of every folder that is stored there. */
  async drill(id: DestinationId, tools: RunTools): Promise<RunResult> {
    let total: RestoreOutcome = { filesRestored: 0, bytesRestored: 0, findings: [], moreFindings: 0 };
    for (const folder of this.#folders.records().filter(({ destinationIds }) => destinationIds.includes(id))) {
      const one = await this.#prove(folder, id, DRILL, tools);
      total = {
        filesRestored: total.filesRestored + one.filesRestored,
        bytesRestored: total.bytesRestored + one.bytesRestored,
        findings: [...total.findings, ...one.findings],
        moreFindings: total.moreFindings + one.moreFindings,
      };
    }
    const damage = damageMet(total.findings);
    if (damage) await noteDamage(this.#core, id, damage);
    await this.#destinations.patch(id, { lastDrillAt: isoNow(this.#core) });
    const error = damage ?? hindranceOf(total);
    return { state: error ? 'failed' : 'done', report: restoreReport(total, 'tried'), error };
  }

  #isDue(folder: FolderRecord, id: DestinationId): boolean {
    const copy = copyOf(this.#core.ledger.value, folder.id, id);
    if (!copy?.lastSnapshotId || copy.problem) return false;
    if (copy.lastVerifiedAt === null) return true;
    const limit = proofLimit(this.#core.configuration.value.settings);
    return ageOf(this.#core.ports.clock.now(), Date.parse(copy.lastVerifiedAt)) > limit;
  }

  async #proveFirst(folder: FolderRecord, id: DestinationId, tools: RunTools): Promise<Proof> {
    const { name } = this.#destinations.record(id);
    const finding = (level: Finding['level'], code: string, text: string): Finding => ({
      level,
      code,
      text,
      path: null,
    });
    try {
      const outcome = await this.#prove(folder, id, FIRST, tools);
      const error = damageMet(outcome.findings);
      if (error === null) {
        const hindrance = hindranceOf(outcome);
        if (hindrance) throw new TriplicateError('restore/incomplete', hindrance.message);
        const tried = `${outcome.filesRestored} ${outcome.filesRestored === 1 ? 'file' : 'files'}, ${size(outcome.bytesRestored)}`;
        const text = `${name} is proven: a restore from it was tried and compared (${tried}). It counts as a copy.`;
        return { findings: [finding('info', 'proof/passed', text)], error };
      }
      await noteDamage(this.#core, id, error);
      return { findings: [finding('error', error.code, `${name}: ${error.message}`)], error };
    } catch (error) {
      if (!hasCode(error, 'cancelled'))
        this.#core.log.warn({ err: error, destination: id }, 'a proof could not be made');
      const { code, message } = plainError(error);
      const why = code === 'cancelled' || code === 'internal' ? '.' : `: ${message}`;
      const text = `${name} has everything, but a restore from it could not be tried yet${why} It is tried again by itself.`;
      return { findings: [finding('warning', 'proof/postponed', text)], error: null };
    }
  }

  /** @throws what the engine throws when the destination cannot be asked */
  async #prove(folder: FolderRecord, id: DestinationId, sample: SampleLimit, tools: RunTools): Promise<RestoreOutcome> {
    const snapshotId = copyOf(this.#core.ledger.value, folder.id, id)?.lastSnapshotId;
    if (!snapshotId) return { filesRestored: 0, bytesRestored: 0, findings: [], moreFindings: 0 };
    const scratch = await this.#scratch.make();
    try {
      const outcome = await this.#core.engine.call(
        'drill',
        { repository: this.#destinations.address(id), snapshotId, root: folder.path, scratch, sample },
        { ...tools, onProgress: (progress) => tools.onProgress(proving(progress)) },
      );
      if (damageMet(outcome.findings) === null && hindranceOf(outcome) === null) {
        const ids = { folderId: folder.id, destinationId: id };
        await updateCopy(this.#core, ids, { lastVerifiedAt: isoNow(this.#core) });
        this.#core.changed('folders');
      }
      return outcome;
    } finally {
      await removeTree(scratch);
    }
  }
}

function proving(progress: RunProgress): RunProgress {
  return { ...progress, phase: 'proving' };
}

/** The scratch place could not take it, a full disk for one: that says nothing of the copy, for or against. */
const HINDRANCE: ReadonlySet<string> = new Set(['restore/failed', 'restore/in-the-way']);

function hindranceOf(outcome: RestoreOutcome): ContractError | null {
  const failed = outcome.findings.find(({ code }) => HINDRANCE.has(code));
  return failed ? plainError(new TriplicateError('restore/incomplete', failed.text)) : null;
}
