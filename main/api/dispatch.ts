import type { App } from '../app/compose.ts';
import { TriplicateError } from '../engine/errors.ts';
import {
  type Envelope,
  type EventName,
  METHODS,
  type MethodName,
  type Output,
  type ParsedInput,
} from './contract/contract.ts';
import { failure, success } from './envelope.ts';
import { destinationHandlers } from './handlers/destinations.ts';
import { folderHandlers } from './handlers/folders.ts';
import { historyHandlers } from './handlers/history.ts';
import { runHandlers } from './handlers/runs.ts';
import { systemHandlers } from './handlers/system.ts';

/** One function for each method of the contract. No rules in them: they call the app and give a value. */
export type Handlers<Name extends MethodName> = {
  readonly [N in Name]: (app: App, input: ParsedInput<N>) => Output<N> | Promise<Output<N>>;
};

const HANDLERS: Handlers<MethodName> = {
  ...systemHandlers,
  ...folderHandlers,
  ...destinationHandlers,
  ...runHandlers,
  ...historyHandlers,
};

/** What a transport carries. */
export interface Api {
  call(method: string, input: unknown): Promise<Envelope<unknown>>;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: EventName, payload: unknown) => void): () => void;
}

export function createApi(app: App): Api {
  return {
    call: (method, input) => dispatch(app, method, input),
    subscribe: (listener) => app.events.subscribe(listener),
  };
}

/** Serves one call: validates what comes in and what goes out; an error is a value. Never throws. */
export async function dispatch(app: App, method: string, input: unknown): Promise<Envelope<unknown>> {
  try {
    if (!isMethod(method)) throw new TriplicateError('usage', `There is no method ${JSON.stringify(method)}.`);
    const parsed = METHODS[method].input.safeParse(input ?? {});
    if (!parsed.success) throw invalidInput(method, parsed.error.issues);
    const handler = HANDLERS[method] as (app: App, input: unknown) => unknown;
    const value = await handler(app, parsed.data);
    return success(METHODS[method].output.parse(value ?? {}));
  } catch (error) {
    return failure(error, (reference, cause) => app.log.error({ reference, method, err: cause }, 'unexpected error'));
  }
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function invalidInput(method: string, issues: readonly Issue[]): TriplicateError {
  const first = issues[0];
  const where = first?.path.map(String).join('.') || 'the input';
  return new TriplicateError('app/invalid', `${method}: ${where} is not valid (${first?.message ?? 'unknown'}).`, {
    data: { method, field: where },
  });
}
