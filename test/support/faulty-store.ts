import { TriplicateError, throwIfCancelled } from '../../main/engine/errors.ts';
import type { FileName, FileType, WriteStore } from '../../main/engine/store/store.ts';

export type FaultyMethod = 'create' | 'list' | 'get' | 'put' | 'replaceConfig' | 'remove' | 'stat';

/** What goes wrong in one call. */
export type Fault =
  /** Nothing happens at the place; the call fails. */
  | { readonly kind: 'fail'; readonly error: Error }
  /** The place does it, but the answer is lost: the call fails all the same. */
  | { readonly kind: 'fail-after'; readonly error: Error }
  /** The call takes effect, and never answers until it is cancelled. */
  | { readonly kind: 'hang' }
  /** `get` gives the bytes with one bit turned. */
  | { readonly kind: 'flip-bit'; readonly at?: number }
  /** `get` gives only the first bytes, `list` only the first objects. */
  | { readonly kind: 'cut'; readonly keep: number }
  /** `put` says that it stored what it did not. */
  | { readonly kind: 'lose' }
  /** Waits for what the test decides, then goes on. */
  | { readonly kind: 'wait'; readonly for: () => Promise<void> };

export interface PlannedFault {
  readonly method: FaultyMethod;
  /** The n-th call that fits, counted from 1. Absent: the first. */
  readonly call?: number;
  /** How many calls in a row. Absent: one. */
  readonly times?: number;
  /** Only calls on this room. */
  readonly type?: FileType;
  readonly fault: Fault;
}

export interface FaultyStore {
  readonly store: WriteStore;
  /** How often a method was called, failed calls included. */
  calls(method: FaultyMethod): number;
  /** Throws unless every planned fault has happened as often as planned: a fault that never fired tested nothing. */
  assertAllFired(): void;
}

/** A store that goes wrong by plan. */
export function faulty(inner: WriteStore, plan: readonly PlannedFault[]): FaultyStore {
  const counts = new Map<FaultyMethod, number>();
  const faults = plan.map((planned) => ({ ...planned, seen: 0, fired: 0 }));

  const due = (method: FaultyMethod, type: FileType | undefined): Fault | undefined => {
    counts.set(method, (counts.get(method) ?? 0) + 1);
    let chosen: Fault | undefined;
    for (const planned of faults) {
      if (planned.method !== method || (planned.type !== undefined && planned.type !== type)) continue;
      planned.seen += 1;
      const first = planned.call ?? 1;
      if (chosen !== undefined || planned.seen < first || planned.seen >= first + (planned.times ?? 1)) continue;
      planned.fired += 1;
      chosen = planned.fault;
    }
    return chosen;
  };

  const call = async <T>(
    at: { readonly method: FaultyMethod; readonly type?: FileType; readonly signal?: AbortSignal | undefined },
    work: () => Promise<T>,
    spoil: (result: T, fault: Fault) => T = (result) => result,
  ): Promise<T> => {
    const fault = due(at.method, at.type);
    if (fault?.kind === 'fail') throw fault.error;
    if (fault?.kind === 'wait') await fault.for();
    if (fault?.kind === 'lose') return undefined as T;
    const result = await work();
    if (fault?.kind === 'fail-after') throw fault.error;
    if (fault?.kind === 'hang') await untilAborted(at.signal);
    return fault === undefined ? result : spoil(result, fault);
  };

  const store: WriteStore = {
    location: inner.location,
    capabilities: inner.capabilities,
    create: (signal) => call({ method: 'create', signal }, () => inner.create(signal)),
    list: (type, signal) =>
      call(
        { method: 'list', type, signal },
        () => inner.list(type, signal),
        (files, fault) => (fault.kind === 'cut' ? files.slice(0, fault.keep) : files),
      ),
    get: (name, range, signal) =>
      call({ method: 'get', type: name.type, signal }, () => inner.get(name, range, signal), spoilBytes),
    put: (name: FileName, bytes, signal) =>
      call({ method: 'put', type: name.type, signal }, () => inner.put(name, bytes, signal)),
    ...(inner.putAfter && {
      putAfter: async (name, bytes, ready, signal) => {
        await ready;
        await call({ method: 'put', type: name.type, signal }, () => inner.put(name, bytes, signal));
      },
    }),
    replaceConfig: (bytes, signal) =>
      call({ method: 'replaceConfig', type: 'config', signal }, () => inner.replaceConfig(bytes, signal)),
    remove: (name, signal) => call({ method: 'remove', type: name.type, signal }, () => inner.remove(name, signal)),
    stat: (signal) => call({ method: 'stat', signal }, () => inner.stat(signal)),
    close: () => inner.close(),
  };
  return {
    store,
    calls: (method) => counts.get(method) ?? 0,
    assertAllFired() {
      const missed = faults.filter(({ fired, times }) => fired < (times ?? 1));
      if (missed.length === 0) return;
      const text = missed.map(
        ({ method, type, fault, fired }) => `${fault.kind} in ${method} ${type ?? ''}: ${fired}×`,
      );
      throw new Error(`planned faults that did not happen as often as planned: ${text.join('; ')}`);
    },
  };
}

function spoilBytes(bytes: Uint8Array, fault: Fault): Uint8Array {
  if (fault.kind === 'cut') return bytes.slice(0, fault.keep);
  if (fault.kind !== 'flip-bit') return bytes;
  const spoiled = bytes.slice();
  const at = fault.at ?? Math.floor(bytes.length / 2);
  spoiled[at] = (spoiled[at] ?? 0) ^ 1;
  return spoiled;
}

async function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  if (signal === undefined) throw new Error('a hanging call needs a signal, or the test hangs too');
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throwIfCancelled(signal);
  throw new TriplicateError('cancelled', 'Cancelled.');
}
