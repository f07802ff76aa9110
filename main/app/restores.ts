import { randomUUID } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import type { RestorePlan } from '../api/contract/history.ts';
import type { Run } from '../api/contract/runs.ts';
import type { ContractError, DestinationId, FolderId } from '../api/contract/values.ts';
import { hasCode, isOfOnePlace, TriplicateError } from '../engine/errors.ts';
import type { Core } from './core.ts';
import { damageMet, damageOfError } from './damage.ts';
import type { DestinationWatch } from './destination-watch.ts';
import type { Destinations } from './destinations.ts';
import type { RestoreCall, RestorePlanInfo } from './engine-link/calls.ts';
import type { Folders } from './folders.ts';
import { bestFirst, type History } from './history.ts';
import { noteDamage } from './note-damage.ts';
import { restoreReport } from './runs/report-words.ts';
import type { Runs } from './runs/runs.ts';

/** How many plans wait to be started. */
const KEPT_PLANS = 50;

export interface RestoreWish {
  readonly folderId: FolderId;
  readonly momentId: string;
  readonly keys: readonly string[];
  readonly from?: DestinationId | undefined;
  readonly target: { readonly kind: 'original' } | { readonly kind: 'directory'; readonly path: string };
  readonly existing: 'skip' | 'replace' | 'keep-both';
}

export interface RestoreParts {
  readonly folders: Folders;
  readonly destinations: Destinations;
  readonly history: History;
  readonly runs: Runs;
  readonly watch: DestinationWatch;
}

interface CopyOfMoment {
  readonly destinationId: DestinationId;
  readonly snapshotId: string;
}

interface FirstPlan {
  readonly destinationId: DestinationId;
  readonly call: RestoreCall;
  readonly plan: RestorePlanInfo;
}

interface Planned {
  readonly call: RestoreCall;
  /** Null for a folder that is not protected. */
  readonly folderId: FolderId | null;
  readonly destinationId: DestinationId;
  readonly title: string;
}

/** Restores: a plan first, then the same plan done, verified, and reported. */
export class Restores {
  readonly #core: Core;
  readonly #folders: Folders;
  readonly #destinations: Destinations;
  readonly #history: History;
  readonly #runs: Runs;
  readonly #watch: DestinationWatch;
  readonly #plans = new Map<string, Planned>();

  constructor(core: Core, parts: RestoreParts) {
    this.#core = core;
    this.#folders = parts.folders;
    this.#destinations = parts.destinations;
    this.#history = parts.history;
    this.#runs = parts.runs;
    this.#watch = parts.watch;
  }

  async plan(wish: RestoreWish): Promise<RestorePlan> {
    const folder = this.#history.folder(wish.folderId);
    const target = targetOf(wish, folder.path);
    const { destinationId, call, plan } = await this.#planFromFirst(await this.#copiesOf(wish), (copy) => ({
      repository: this.#destinations.address(copy.destinationId),
      snapshotId: copy.snapshotId,
      root: folder.path,
      keys: wish.keys,
      target,
      existing: wish.existing,
    }));
    const { name } = this.#destinations.record(destinationId);
    const planId = randomUUID();
    const what = wish.keys.length === 1 ? nameOf(wish.keys[0] ?? '') || folder.name : folder.name;
    this.#remember(planId, {
      call,
      folderId: this.#folders.records().some(({ id }) => id === folder.id) ? folder.id : null,
      destinationId,
      title: `Restore ${what} from ${name}`,
    });
    return {
      planId,
      target,
      from: { destinationId, name },
      create: plan.create,
      replace: plan.replace,
      keep: plan.keep,
      unchanged: plan.unchanged,
      bytes: plan.bytes,
      sample: plan.sample.map((one) => ({ ...one })),
      warnings: [...plan.warnings],
    };
  }

  /** Each plan is done once. */
  start(planId: string): Run {
    const planned = this.#plans.get(planId);
    if (!planned)
      throw new TriplicateError('app/not-found', 'This plan is no longer there.', { hint: 'Make the plan again.' });
    this.#plans.delete(planId);
    return this.#runs.enqueue({
      kind: 'restore',
      title: planned.title,
      folderId: planned.folderId,
      destinationIds: [planned.destinationId],
      cause: 'person',
      order: 'at-once',
      work: async (tools) => {
        const outcome = await this.#core.engine.call('restore', planned.call, tools).catch(async (error: unknown) => {
          await this.#noteDamage(planned.destinationId, planned.call, damageOfError(error));
          throw error;
        });
        await this.#noteDamage(planned.destinationId, planned.call, damageMet(outcome.findings));
        const failed = outcome.findings.some(({ level }) => level === 'error');
        return { state: failed ? 'partial' : 'done', report: restoreReport(outcome, 'restored'), error: null };
      },
    });
  }

  /**
   * The plan from the first copy that gives one: it may have gone a moment ago, as a whole or this version of it, while another
   * has all. @throws what was wrong with the first, where none gives one
   */
  async #planFromFirst(
    copies: readonly CopyOfMoment[],
    callOf: (copy: CopyOfMoment) => RestoreCall,
  ): Promise<FirstPlan> {
    const errors: unknown[] = [];
    for (const copy of copies) {
      const call = callOf(copy);
      try {
        const plan = await this.#core.engine.call('planRestore', call);
        return { destinationId: copy.destinationId, call, plan };
      } catch (error) {
        if (!isOfOnePlace(error) && !hasCode(error, 'snapshot/not-found')) throw error;
        await this.#noteDamage(copy.destinationId, call, damageOfError(error));
        errors.push(error);
      }
    }
    throw errors[0];
  }

  /** Where to read from, best first, at least one: at the wanted destination, else wherever the moment is and can be reached. */
  async #copiesOf(wish: RestoreWish, look: 'done' | 'not-yet' = 'not-yet'): Promise<readonly CopyOfMoment[]> {
    const scope = this.#history.scope(wish.folderId);
    const moments = await this.#core.engine.call('moments', scope);
    const moment =
      wish.momentId === 'latest'
        ? moments[0]
        : moments.find(
            ({ id, copies }) => id === wish.momentId || copies.some(({ snapshotId }) => snapshotId === wish.momentId),
          );
    const copies = bestFirst(moment?.copies ?? [], scope).filter(
      ({ destinationId }) => wish.from === undefined || destinationId === wish.from,
    );
    const reached = copies.filter((copy) =>
      scope.sources.some(({ destinationId }) => destinationId === copy.destinationId),
    );
    if (reached.length === 0 && copies.length > 0) {
      const places = copies.map(({ destinationId }) => this.#destinations.record(destinationId));
      if (look === 'not-yet') {
        // A disk that was connected a moment ago is used at once, and so is any place right after the start.
        await Promise.all(places.map((place) => this.#watch.look(place)));
        return this.#copiesOf(wish, 'done');
      }
      const names = places.map(({ name }) => name).join(' and ');
      throw new TriplicateError('store/unreachable', `This moment is kept at ${names}, which cannot be reached now.`, {
        hint: 'Connect the disk or the network, then restore.',
      });
    }
    if (reached.length === 0) throw new TriplicateError('snapshot/not-found', 'This moment is kept at no destination.');
    return reached.map(({ destinationId, snapshotId }) => ({
      destinationId: destinationId as DestinationId,
      snapshotId,
    }));
  }

  /**
   * What a person has met is known from then on, as what a proof has met. What is lacking to a version that another program has
   * removed meanwhile says nothing of the rest.
   */
  async #noteDamage(id: DestinationId, call: RestoreCall, damage: ContractError | null): Promise<void> {
    if (!damage) return;
    const { repository, snapshotId } = call;
    const asked = this.#core.engine.call('goneSnapshots', { repository, snapshotIds: [snapshotId] });
    const gone = await asked.catch(() => [snapshotId]);
    if (gone.length === 0) await noteDamage(this.#core, id, damage);
  }

  #remember(planId: string, planned: Planned): void {
    this.#plans.set(planId, planned);
    for (const old of [...this.#plans.keys()].slice(0, -KEPT_PLANS)) this.#plans.delete(old);
  }
}

function targetOf({ target }: RestoreWish, original: string): string {
  if (target.kind === 'original') return original;
  if (!isAbsolute(target.path))
    throw new TriplicateError('restore/target-invalid', 'The path to restore to begins at the root.');
  return resolve(target.path);
}

function nameOf(key: string): string {
  const path = Buffer.from(key, 'base64url').toString('utf8');
  return path.slice(path.lastIndexOf('/') + 1);
}
