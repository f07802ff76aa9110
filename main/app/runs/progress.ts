import type { Progress } from '../../api/contract/runs.ts';
import type { RunProgress } from './runs.ts';

/** Weight of the newest measurement: an estimate follows a lasting change within some seconds and ignores a hiccup. */
const WEIGHT = 0.2;
/** Estimates before this are guesses. */
const SETTLING_MS = 2000;

/** Adds rate and time left to the engine's figures; both are smoothed, so that they do not jump. */
export class ProgressMeter {
  readonly #startedAt: number;
  #lastAt: number;
  #lastBytes = 0;
  #rate: number | null = null;
  #left: number | null = null;

  /** `now` in milliseconds. */
  constructor(now: number) {
    this.#startedAt = now;
    this.#lastAt = now;
  }

  measure(progress: RunProgress, now: number): Progress {
    const elapsed = now - this.#lastAt;
    if (elapsed >= 250) {
      const rate = Math.max(0, progress.bytesDone - this.#lastBytes) / (elapsed / 1000);
      this.#rate = this.#rate === null ? rate : this.#rate + WEIGHT * (rate - this.#rate);
      this.#left = this.#estimate(progress, elapsed / 1000, now);
      this.#lastAt = now;
      this.#lastBytes = progress.bytesDone;
    }
    return {
      phase: progress.phase,
      filesDone: progress.filesDone,
      filesTotal: progress.filesTotal,
      bytesDone: progress.bytesDone,
      bytesTotal: progress.bytesTotal,
      bytesPerSecond: Math.round(this.#rate ?? 0),
      secondsLeft: this.#left === null ? null : Math.max(0, Math.round(this.#left)),
      currentPath: progress.currentPath,
    };
  }

  #estimate({ bytesDone, bytesTotal }: RunProgress, elapsedSeconds: number, now: number): number | null {
    if (bytesTotal === null || now - this.#startedAt < SETTLING_MS) return null;
    const average = bytesDone / ((now - this.#startedAt) / 1000);
    const rate = 0.5 * (this.#rate ?? average) + 0.5 * average;
    if (rate <= 0) return this.#left;
    const fresh = Math.max(0, bytesTotal - bytesDone) / rate;
    if (this.#left === null) return fresh;
    const expected = this.#left - elapsedSeconds;
    return expected + WEIGHT * (fresh - expected);
  }
}
