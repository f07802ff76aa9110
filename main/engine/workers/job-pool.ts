import { Worker } from 'node:worker_threads';
import { TriplicateError } from '../errors.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

interface Member<Reply> {
  readonly worker: Worker;
  /** In the order of their sending; a worker answers in the same order. */
  readonly waiting: { resolve(reply: Reply): void; reject(error: unknown): void }[];
}

/**
 * Worker threads that answer one reply a job, in order. Starts a worker only when the others have their hands full; the
 * caller decides how many jobs are under way at once.
 */
export class JobPool<Job, Reply> {
  readonly #entry: URL;
  readonly #data: unknown;
  readonly #limit: number;
  readonly #members: Member<Reply>[] = [];
  #failure: TriplicateError | undefined;

  /** @param data given to each worker as it starts; must survive structured clone. */
  constructor(entry: URL, data: unknown, limit: number) {
    this.#entry = entry;
    this.#data = data;
    this.#limit = limit;
  }

  run(job: Job, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    // A worker that has ended answers nothing any more.
    if (this.#failure) return Promise.reject(this.#failure);
    const member = this.#pick();
    return new Promise((resolve, reject) => {
      member.waiting.push({ resolve, reject });
      member.worker.postMessage(job, transfer as ArrayBuffer[]);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #pick(): Member<Reply> {
    let best: Member<Reply> | undefined;
    for (const member of this.#members) if (!best || member.waiting.length < best.waiting.length) best = member;
    return best && (best.waiting.length === 0 || this.#members.length >= this.#limit) ? best : this.#start();
  }

  #start(): Member<Reply> {
    const member: Member<Reply> = {
      worker: new Worker(this.#entry, { workerData: this.#data, resourceLimits: WORKER_LIMITS }),
      waiting: [],
    };
    this.#members.push(member);
    member.worker.on('message', (reply: Reply) => member.waiting.shift()?.resolve(reply));
    member.worker.on('error', (cause) => {
      this.#failure ??= new TriplicateError('internal', 'A part of the engine stopped unexpectedly.', { cause });
      for (const { reject } of member.waiting.splice(0)) reject(this.#failure);
    });
    return member;
  }
}

/** Whether a buffer may be handed to a worker for good: it is the only view of its memory. */
export function isTransferable(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
}
