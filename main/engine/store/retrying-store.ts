import type { Clock, Nanoseconds, Random } from '../clock.ts';
import { hasCode, TriplicateError, throwIfCancelled } from '../errors.ts';
import type { WriteStore } from './store.ts';

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long one call may go on after a failure that passes by itself (`backoff`), in milliseconds. */
  readonly patienceMs?: number;
  /** The same for a place that does not answer (`when-back`): shorter, because the caller reports it as away. */
  readonly awayPatienceMs?: number;
  readonly firstDelayMs?: number;
  readonly longestDelayMs?: number;
}

const DEFAULTS = { patienceMs: 120_000, awayPatienceMs: 15_000, firstDelayMs: 200, longestDelayMs: 20_000 } as const;

/**
 * Tries failed calls again, with growing and scattered delays, as long as the error's `retry` says that it can help. The
 * only place that knows delays. `stat` is not retried: it is the question whether the place answers now.
 */
export function retrying(store: WriteStore, options: RetryOptions): WriteStore {
  const retry = <T>(work: (attempt: number) => Promise<T>, signal?: AbortSignal) => persist(work, options, signal);
  const { putAfter, showsAtOnce } = store;
  return {
    location: store.location,
    capabilities: store.capabilities,
    list: (type, signal) => retry(() => store.list(type, signal), signal),
    get: (name, range, signal) => retry(() => store.get(name, range, signal), signal),
    put: (name, bytes, signal) => retry(() => store.put(name, bytes, signal), signal),
    ...(putAfter && {
      putAfter: (name, bytes, ready, signal) => {
        // Waiting for what has to come first is no failure: patience begins when that is there.
        const turn: Turn = { begun: undefined, isInVain: false };
        ready.then(
          () => {
            turn.begun = options.clock.now();
          },
          () => {
            turn.isInVain = true;
          },
        );
        return persist(() => putAfter.call(store, name, bytes, ready, signal), options, signal, turn);
      },
    }),
    ...(showsAtOnce && { showsAtOnce: () => showsAtOnce.call(store) }),
    replaceConfig: (bytes, signal) => retry(() => store.replaceConfig(bytes, signal), signal),
    create: (signal) => retry(() => store.create(signal), signal),
    stat: (signal) => store.stat(signal),
    close: () => store.close(),
    remove: (name, signal) =>
      retry(async (attempt) => {
        try {
          await store.remove(name, signal);
        } catch (error) {
          // An earlier attempt may have removed it before the connection broke.
          if (attempt === 1 || !hasCode(error, 'store/not-found')) throw error;
        }
      }, signal),
  };
}

/** From when on failures are counted, undefined as long as they are not; `isInVain`: nothing is to be tried again. */
interface Turn {
  begun: Nanoseconds | undefined;
  isInVain: boolean;
}

async function persist<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
  signal: AbortSignal | undefined,
  turn: Turn = { begun: options.clock.now(), isInVain: false },
): Promise<T> {
  const { clock, random, patienceMs, awayPatienceMs, firstDelayMs, longestDelayMs } = { ...DEFAULTS, ...options };
  let delays = 0;
  let isCounting = turn.begun !== undefined;
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(signal);
    try {
      return await work(attempt);
    } catch (error) {
      const patience = patienceFor(error, patienceMs, awayPatienceMs);
      if (patience === 0 || turn.isInVain) throw error;
      const { begun } = turn;
      if (begun !== undefined && !isCounting) {
        isCounting = true;
        delays = 0;
      }
      const delayMs = scatter(Math.min(firstDelayMs * 2 ** delays++, longestDelayMs), random);
      if (begun !== undefined && Number(clock.now() - begun) / 1e6 + delayMs > patience) throw error;
      await clock.sleep(delayMs, signal);
    }
  }
}

function patienceFor(error: unknown, passing: number, away: number): number {
  if (!(error instanceof TriplicateError)) return 0;
  switch (error.retry) {
    case 'never':
      return 0;
    case 'when-back':
      return away;
    case 'backoff':
      return passing;
  }
}

/** Between half and the whole of a delay, so that many callers do not come back at the same moment. */
function scatter(delayMs: number, random: Random): number {
  const [byte = 0] = random(1);
  return delayMs * (0.5 + byte / 510);
}
