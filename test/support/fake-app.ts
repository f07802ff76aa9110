import type { z } from 'zod';
import {
  type Envelope,
  EVENTS,
  type EventName,
  type EventPayload,
  METHODS,
  type MethodName,
} from '../../main/api/contract/contract.ts';
import type { Folder } from '../../main/api/contract/folders.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import { type FakeHandlers, fakeHandlers } from './fake-handlers.ts';
import { makeWorld, type Scenario, type World } from './fake-world.ts';

/** The app as the screen sees it, in memory. Everything that goes in or out passes the contract, so it cannot drift. */
export interface FakeApp {
  call(method: string, input: unknown): Promise<Envelope<unknown>>;
  /** Hears every event; gives back what ends it. */
  on(listener: (event: string, payload: unknown) => void): () => void;
  readonly world: World;
  /** Lets the next calls of a method fail. */
  fail(method: MethodName, message: string, hint: string): void;
  /** Sends an event, as for what another window or a run has done. */
  tell<Name extends EventName>(event: Name, payload: EventPayload<Name>): void;
  /** Ends all made-up work. */
  close(): void;
}

export interface FakeOptions {
  readonly scenario: Scenario;
  readonly now?: number;
  /** Milliseconds between two steps of a run; large numbers freeze runs for a picture. */
  readonly stepMs?: number;
}

export function createFakeApp({ scenario, now = Date.now(), stepMs = 120 }: FakeOptions): FakeApp {
  const world = makeWorld(scenario, now);
  const listeners = new Set<(event: string, payload: unknown) => void>();
  const failures = new Map<string, { message: string; hint: string }>();
  const timers = new Set<NodeJS.Timeout>();

  function emit(event: EventName, payload: unknown): void {
    const checked = (EVENTS[event] as z.ZodType).parse(payload);
    for (const listener of listeners) listener(event, checked);
  }

  function startRun(run: Run, onEnd: () => void = () => {}): Run {
    world.runs.unshift(run);
    showRun(world, run, emit);
    let step = 0;
    const timer = setInterval(() => {
      const current = world.runs.find(({ id }) => id === run.id);
      if (current === undefined || current.state === 'cancelled') return end(timer);
      step += 1;
      const next = advance(current, step);
      world.runs = world.runs.map((old) => (old.id === run.id ? next : old));
      if (next.state === 'done') {
        end(timer);
        onEnd();
      }
      showRun(world, next, emit);
    }, stepMs);
    timers.add(timer);
    return run;
  }

  function end(timer: NodeJS.Timeout): void {
    clearInterval(timer);
    timers.delete(timer);
  }

  const handlers: FakeHandlers = fakeHandlers({ world, emit, startRun, now });

  return {
    world,
    async call(method, input) {
      const failure = failures.get(method);
      if (failure !== undefined) return wrong('store/unreachable', failure.message, failure.hint);
      if (!(method in METHODS)) return wrong('usage', `There is no method ${method}.`, 'Look into the contract.');
      const entry = METHODS[method as MethodName];
      const parsed = entry.input.safeParse(input);
      if (!parsed.success) return wrong('app/invalid', parsed.error.message, 'Correct the value and try again.');
      try {
        const handler = handlers[method as MethodName] as (given: unknown) => unknown;
        return { ok: true, value: (entry.output as z.ZodType).parse(await handler(parsed.data)) };
      } catch (error) {
        if (error instanceof Refusal) return wrong(error.code, error.message, error.hint);
        throw error;
      }
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: emit,
    fail: (method, message, hint) => void failures.set(method, { message, hint }),
    close: () => {
      for (const timer of timers) end(timer);
    },
  };
}

/** What a handler throws to answer with an error of the app. */
export class Refusal extends Error {
  readonly code: string;
  readonly hint: string;
  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

function wrong(code: string, message: string, hint: string): Envelope<unknown> {
  return { ok: false, error: { code, message, hint, retry: 'backoff', data: {} } };
}

function showRun(world: World, run: Run, emit: (event: EventName, payload: unknown) => void): void {
  emit('run.changed', run);
  if (run.kind !== 'backup') return;
  const live = run.state === 'running' || run.state === 'queued';
  world.folders = world.folders.map(
    (folder): Folder => (folder.id === run.folderId ? { ...folder, activeRun: live ? run : null } : folder),
  );
  emit('folders.changed', world.folders);
}

const STEPS = 24;

function copying(share: number): NonNullable<Run['progress']> {
  return {
    phase: 'storing',
    filesDone: Math.floor(12 * share),
    filesTotal: 12,
    bytesDone: Math.round(1.8e9 * share),
    bytesTotal: null,
    bytesPerSecond: 12e6,
    secondsLeft: null,
    currentPath: null,
  };
}

function advance(run: Run, step: number): Run {
  const time = new Date().toISOString();
  if (step >= STEPS) return { ...run, state: 'done', endedAt: time, progress: null, report: run.report };
  const bytesTotal = 18.4e9;
  const share = step / STEPS;
  if (run.kind === 'catch-up')
    return { ...run, state: 'running', startedAt: run.startedAt ?? time, progress: copying(share) };
  return {
    ...run,
    state: 'running',
    startedAt: run.startedAt ?? time,
    progress: {
      phase:
        step < 3 ? 'scanning' : run.kind === 'restore' ? 'restoring' : run.kind === 'backup' ? 'reading' : 'checking',
      filesDone: Math.round(12_431 * share),
      filesTotal: step < 3 ? null : 12_431,
      bytesDone: Math.round(bytesTotal * share),
      bytesTotal: step < 3 ? null : bytesTotal,
      bytesPerSecond: 48e6,
      secondsLeft: step < 5 ? null : Math.round((1 - share) * 380),
      currentPath: `Letters/2026/scan-${step}.pdf`,
    },
  };
}
