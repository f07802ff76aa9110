import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long nothing must have happened: a collection of everything takes some 50 ms. */
const QUIET_MS = 5000;

/**
 * Gives memory back to the system once a process has had nothing to do for a while. V8 does so by itself only after
 * further work, which a process at rest does not have: it would keep for days what its start took.
 */
export class IdleMemory {
  #timer: NodeJS.Timeout | undefined;

  /** Something is going on: what was planned is off. */
  busy(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Nothing is going on from now on. */
  idle(): void {
    this.busy();
    this.#timer = setTimeout(collectEverything, QUIET_MS);
    this.#timer.unref();
  }
}

function collectEverything(): void {
  try {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('globalThis.gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof collect === 'function') collect();
  } catch {
    // Not every host lets us ask; then it stays as it is.
  }
}
