import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfCancelled } from '../engine/errors.ts';
import type { Database } from './database.ts';

/** The engine's process does other work meanwhile: nothing holds it longer than a slice. */
const SLICE_MS = 8;
const COMMIT_MS = 100;

/** A long piece of writing: transactions of a bounded size, and a pause whenever a slice of time is used up. */
export class Writing {
  readonly #database: Database;
  readonly #signal: AbortSignal | undefined;
  #sliceStart = performance.now();
  #used = 0;

  constructor(database: Database, signal?: AbortSignal) {
    this.#database = database;
    this.#signal = signal;
  }

  /** Runs the work inside transactions; what was committed of work that failed stays, for the caller to take back. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#database.run('BEGIN IMMEDIATE');
    try {
      const result = await work();
      this.#database.run('COMMIT');
      return result;
    } catch (error) {
      this.#database.rollBack();
      throw error;
    }
  }

  /** To be called between small steps. @throws `cancelled` */
  async pause(): Promise<void> {
    const now = performance.now();
    if (now - this.#sliceStart < SLICE_MS) return;
    throwIfCancelled(this.#signal);
    this.#used += now - this.#sliceStart;
    if (this.#used > COMMIT_MS) {
      this.#used = 0;
      this.#database.run('COMMIT');
      await nextTurn();
      this.#database.run('BEGIN IMMEDIATE');
    } else {
      await nextTurn();
    }
    this.#sliceStart = performance.now();
  }

  /** Waiting for a repository is not work. */
  resume(): void {
    this.#sliceStart = performance.now();
  }
}
