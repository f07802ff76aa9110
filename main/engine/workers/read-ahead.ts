import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ReadAheadJob } from './read-ahead-messages.ts';
import { workerEntry } from './worker-entry.ts';

/** Each waits for one file at a time. More of them would be faster still, and take 15 MB each. */
const THREADS = 4;
/** Jobs of fewer files are of larger ones, which the system reads ahead itself, and for which the disk is waited for anyway. */
const SMALL_FILES = 64;
/** What a judgement rests on: some jobs, and longer than a hiccup. */
const LEAST_FILES = 1024;
const LEAST_MS = 100;
/** A file that is not in the system's cache makes whoever reads it wait for the disk once; a file that is there, hardly ever. */
const WAITS_A_FILE = 0.6;
/** Part of its processors with which a run is busy when it loses little by waiting. */
const BUSY = 0.75;

/** What has been used so far. */
export interface Usage {
  readonly ms: number;
  readonly processorMs: number;
  /** How often a thread of ours has had to wait. */
  readonly waits: number;
}

/**
 * Reads small files ahead of the workers, while the run waits for the disk: two workers that read file by file keep a disk that could
 * serve dozens at once busy with two. Of files in the system's cache, for which hardly anything is waited for, it only counts them.
 */
export class ReadAhead {
  readonly #processors: number;
  readonly #usage: () => Usage;
  readonly #threads: Worker[] = [];
  #last: Usage;
  #files = 0;
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
  willRead(paths: Uint8Array<ArrayBuffer>, files: number): void {
    if (!this.#isOn || this.#isOver || files < SMALL_FILES) return;
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

  /** A job of so many files is done. */
  haveRead(files: number): void {
    if (files < SMALL_FILES) return this.#beginAnew(this.#usage());
    this.#files += files;
    if (this.#files < LEAST_FILES) return;
    const now = this.#usage();
    const ms = now.ms - this.#last.ms;
    if (ms < LEAST_MS) return;
    const waits = (now.waits - this.#last.waits) / this.#files;
    const busy = (now.processorMs - this.#last.processorMs) / ms / this.#processors;
    // Reading ahead makes the run busy; the waiting is then done by its threads.
    this.#isOn = waits > WAITS_A_FILE && (this.#isOn || busy < BUSY);
    this.#beginAnew(now);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#threads.splice(0).map((thread) => thread.terminate()));
  }

  #beginAnew(now: Usage): void {
    this.#last = now;
    this.#files = 0;
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
