import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ReadAheadJob } from './read-ahead-messages.ts';
import { workerEntry } from './worker-entry.ts';

/** Each waits for one file at a time. More of them would be faster still, and take 15 MB each. */
const THREADS = 4;
/** What the system reads at a time, about. */
const STRETCH_BYTES = 128 * 1024;
/** What a judgement rests on: some jobs, and longer than a hiccup. */
const LEAST_STRETCHES = 1024;
const LEAST_MS = 100;
/**
 * A stretch of a file that is not in the system's cache makes whoever reads it wait for the disk, measured 0.75 to 1.3 times; one
 * that is there 0.1 to 0.4 times, as threads wait for each other.
 */
const WAITS_A_STRETCH = 0.6;
/** Part of its processors with which a run is busy when it loses little by waiting. */
const BUSY = 0.85;

/** What has been used so far. */
export interface Usage {
  readonly ms: number;
  readonly processorMs: number;
  /** How often a thread of ours has had to wait. */
  readonly waits: number;
}

/**
 * Reads files ahead of the workers, while the run waits for the disk: two workers that read file by file keep a disk that could
 * serve dozens at once busy with two. Of files in the system's cache, for which hardly anything is waited for, it only counts them.
 */
export class ReadAhead {
  readonly #processors: number;
  readonly #usage: () => Usage;
  readonly #threads: Worker[] = [];
  #last: Usage;
  #stretches = 0;
  #isOn = false;
  #isOver = false;

  /** @param workers of the run */
  constructor(workers: number, usage = usageOfProcess) {
    this.#processors = Math.min(workers, availableParallelism());
    this.#usage = usage;
    this.#last = usage();
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** These files will be read soon. @param paths as `PathBatch` gives them */
  willRead(paths: Uint8Array<ArrayBuffer>): void {
    if (!this.#isOn || this.#isOver) return;
    try {
      for (let first = 0; first < THREADS; first++) {
        const thread = this.#threads[first] ?? startThread();
        this.#threads[first] = thread;
        const job: ReadAheadJob = { paths, first, step: THREADS };
        thread.postMessage(job);
      }
    } catch {
      // The system has no thread to spare. The workers read for themselves.
      this.#isOver = true;
    }
  }

  /** A job is done. @param sizes of its files, in bytes */
  haveRead(sizes: Float64Array): void {
    for (const size of sizes) this.#stretches += Math.max(1, Math.ceil(size / STRETCH_BYTES));
    if (this.#stretches < LEAST_STRETCHES) return;
    const now = this.#usage();
    const ms = now.ms - this.#last.ms;
    if (ms < LEAST_MS) return;
    const waits = (now.waits - this.#last.waits) / this.#stretches;
    const busy = (now.processorMs - this.#last.processorMs) / ms / this.#processors;
    // Reading ahead makes the run busy; the waiting is then done by its threads.
    this.#isOn = waits > WAITS_A_STRETCH && (this.#isOn || busy < BUSY);
    this.#last = now;
    this.#stretches = 0;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#threads.splice(0).map((thread) => thread.terminate()));
  }
}

function startThread(): Worker {
  const thread = new Worker(workerEntry('read-ahead-worker', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  // Without it the workers read for themselves.
  thread.on('error', () => undefined);
  return thread;
}

/** On Windows no waits are counted: nothing is read ahead there. */
function usageOfProcess(): Usage {
  const { userCPUTime, systemCPUTime, voluntaryContextSwitches } = process.resourceUsage();
  return {
    ms: performance.now(),
    processorMs: (userCPUTime + systemCPUTime) / 1000,
    waits: voluntaryContextSwitches,
  };
}
