import type { ContractError } from '../../api/contract/values.ts';
import { toWire } from '../../engine/errors.ts';
import { IdleMemory } from '../../process/idle-memory.ts';
import type { CallOptions, EngineCallName, FromEngine, ToEngine } from './calls.ts';

/** Whoever does the work: one function for each call. */
export interface CallServer {
  serve(name: EngineCallName, input: unknown, options: Required<CallOptions>): Promise<unknown>;
}

/** Turns messages into calls and their ends back into messages. Returns the function that takes a message. */
export function serveEngine(
  server: CallServer,
  post: (message: FromEngine) => void,
  end: () => void,
): (message: unknown) => void {
  const running = new Map<number, AbortController>();
  const memory = new IdleMemory();

  const run = async (id: number, name: EngineCallName, input: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    memory.busy();
    try {
      const onProgress: Required<CallOptions>['onProgress'] = (progress) => post({ kind: 'progress', id, progress });
      const value = await server.serve(name, input, { signal: controller.signal, onProgress });
      post({ kind: 'done', id, value });
    } catch (error) {
      post({ kind: 'failed', id, error: plainError(error) });
    } finally {
      running.delete(id);
      if (running.size === 0) memory.idle();
    }
  };

  return (raw) => {
    const message = raw as ToEngine;
    if (message.kind === 'call') void run(message.id, message.name, message.input);
    else if (message.kind === 'cancel') running.get(message.id)?.abort();
    else {
      for (const controller of running.values()) controller.abort();
      end();
    }
  };
}

/** The wire form; an unknown error keeps its stack in `message` for the log of the app, which hides it from the screen. */
export function plainError(error: unknown): ContractError {
  const wire = toWire(error);
  const stack = wire.code === 'internal' && error instanceof Error ? error.stack : undefined;
  const data = Object.fromEntries(
    Object.entries(wire.data).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]),
  );
  return { ...wire, message: stack ?? wire.message, data };
}
