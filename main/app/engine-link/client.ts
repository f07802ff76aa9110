import { fromWire, TriplicateError, type WireError } from '../../engine/errors.ts';
import { IdleMemory } from '../../process/idle-memory.ts';
import type { ProcessLink } from '../ports.ts';
import type { CallInput, CallOptions, CallOutput, Engine, EngineCallName, FromEngine, ToEngine } from './calls.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly options: CallOptions;
  readonly stopListening: () => void;
}

/**
 * The engine in a process of its own. The process starts with the first call; when it ends by itself, every open call
 * fails with `internal` and the next call starts a new one.
 */
export class EngineClient implements Engine {
  readonly #start: () => ProcessLink;
  readonly #waiting = new Map<number, Waiting>();
  /** The app's own process works when the engine does, and rests with it. */
  readonly #memory = new IdleMemory();
  #link: ProcessLink | undefined;
  /** As they were set last: another process of the engine begins without any. */
  #limits: unknown;
  #nextId = 1;
  #closed = false;

  constructor(start: () => ProcessLink) {
    this.#start = start;
  }

  async call<Name extends EngineCallName>(
    name: Name,
    input: CallInput<Name>,
    options: CallOptions = {},
  ): Promise<CallOutput<Name>> {
    if (this.#closed || options.signal?.aborted) throw new TriplicateError('cancelled', 'Cancelled.');
    const link = this.#connected();
    const id = this.#nextId++;
    if (name === 'limits') this.#limits = input;
    this.#memory.busy();
    const cancel = (): void => link.post({ kind: 'cancel', id } satisfies ToEngine);
    options.signal?.addEventListener('abort', cancel, { once: true });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: resolve as (value: unknown) => void,
        reject,
        options,
        stopListening: () => options.signal?.removeEventListener('abort', cancel),
      });
      link.post({ kind: 'call', id, name, input } satisfies ToEngine);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const link = this.#link;
    this.#link = undefined;
    if (!link) return;
    link.post({ kind: 'close' } satisfies ToEngine);
    await link.stop();
  }

  #connected(): ProcessLink {
    if (this.#link) return this.#link;
    const link = this.#start();
    link.onMessage((message) => this.#receive(message as FromEngine));
    link.onExit((code) => {
      if (this.#link === link) this.#link = undefined;
      this.#failAll(code);
    });
    this.#link = link;
    if (this.#limits !== undefined)
      link.post({ kind: 'call', id: this.#nextId++, name: 'limits', input: this.#limits } satisfies ToEngine);
    return link;
  }

  #receive(message: FromEngine): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.kind === 'progress') {
      waiting.options.onProgress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#memory.idle();
    waiting.stopListening();
    if (message.kind === 'done') waiting.resolve(message.value);
    else waiting.reject(fromWire(message.error as WireError));
  }

  #failAll(code: number | null): void {
    const failure = this.#closed
      ? new TriplicateError('cancelled', 'Cancelled.')
      : new TriplicateError('engine/stopped', 'The part of Triplicate that works on backups stopped unexpectedly.', {
          data: { exitCode: code ?? -1 },
        });
    for (const [id, waiting] of this.#waiting) {
      this.#waiting.delete(id);
      waiting.stopListening();
      waiting.reject(failure);
    }
  }
}
