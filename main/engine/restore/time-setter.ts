import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lutimesSync } from 'node:fs';
import type { Instant } from '../format/tree-columns.ts';
import { readTimeBlock, TimeBlock } from './time-block.ts';

/** Numbers of the system call utimensat. */
const UTIMENSAT: Partial<Record<NodeJS.Architecture, number>> = { x64: 280, arm64: 88 };
/** Text that is sent to the helper at once. */
const SEND_BYTES = 64 * 1024;

/** Reads what `TimeBlock` gathers; prints the paths that failed. */
const PERL = `
my $call = shift; $/ = "\\0"; binmode STDIN; binmode STDOUT;
while (defined(my $times = <STDIN>)) {
  my $path = <STDIN>; chomp $times; chomp $path;
  my $spec = pack("q4", split(/ /, $times));
  print "$path\\0" if syscall($call + 0, -100, $path, $spec, 0x100) != 0;
}`;

/**
 * Sets access and modification times to the nanosecond, never through a link. Node passes times as floating-point
 * seconds, which today are exact to some 240 ns only; Perl, which every Debian has, calls the system with whole numbers,
 * many paths a process. Without it the times are as exact as Node makes them.
 */
export class TimeSetter {
  readonly #failed: Buffer[] = [];
  readonly #unsent = new TimeBlock();
  #helper: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  #state: 'unused' | 'running' | 'unavailable' = 'unused';
  #isUp = false;
  #hasLost = false;
  /** Kept only until the program is known to have started: after that it does them all. */
  #sent: Buffer[] = [];

  /** Whether the helper ended before its end: nobody knows which of the times that it was sent are set. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  set(path: Uint8Array, atime: Instant, mtime: Instant): void {
    this.#unsent.add(path, atime, mtime);
    if (this.#unsent.length >= SEND_BYTES) this.setAll(this.#unsent.take());
  }

  /** @param block what a `TimeBlock` gathered */
  setAll(block: Uint8Array): void {
    if (block.length === 0) return;
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
    if (this.#state === 'unused') this.#start();
    if (this.#state === 'unavailable') return this.#setByNode(bytes);
    if (!this.#isUp) this.#sent.push(bytes);
    this.#helper?.stdin?.write(bytes);
  }

  /** Resolves when all times are set; gives the paths for which that failed. */
  async flush(): Promise<readonly Buffer[]> {
    this.setAll(this.#unsent.take());
    if (this.#helper) {
      this.#helper.stdin?.end();
      await this.#ended;
      this.#helper = undefined;
    }
    if (this.#state === 'unavailable') for (const block of this.#sent) this.#setByNode(block);
    else this.#state = 'unused';
    this.#sent = [];
    this.#isUp = false;
    return this.#failed.splice(0);
  }

  #start(): void {
    const call = process.platform === 'linux' ? UTIMENSAT[process.arch] : undefined;
    if (call === undefined) {
      this.#state = 'unavailable';
      return;
    }
    this.#state = 'running';
    const helper = spawn('perl', ['-e', PERL, String(call)], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#helper = helper;
    const output: Buffer[] = [];
    helper.stdout.on('data', (part: Buffer) => output.push(part));
    helper.stdin.on('error', () => undefined);
    const broken = (): void => {
      this.#state = 'unavailable';
      this.#hasLost = this.#isUp;
    };
    helper.on('error', broken);
    helper.on('spawn', () => {
      this.#isUp = true;
      this.#sent = [];
    });
    this.#ended = Promise.race([once(helper, 'close'), once(helper, 'error').then(() => [1])]).then(
      ([code]) => (code === 0 ? this.#collect(Buffer.concat(output)) : broken()),
      broken,
    );
  }

  #collect(output: Buffer): void {
    for (let from = 0; from < output.length; ) {
      const end = output.indexOf(0, from);
      this.#failed.push(output.subarray(from, end));
      from = end + 1;
    }
  }

  #setByNode(block: Buffer): void {
    for (const { path, atime, mtime } of readTimeBlock(block)) {
      try {
        lutimesSync(path, atime.seconds + atime.nanos / 1e9, mtime.seconds + mtime.nanos / 1e9);
      } catch {
        this.#failed.push(path);
      }
    }
  }
}
