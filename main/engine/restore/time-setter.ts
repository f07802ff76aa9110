import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lutimesSync } from 'node:fs';
import type { Nanoseconds } from '../clock.ts';

const SECOND = 1_000_000_000n;
/** Numbers of the system call utimensat. */
const UTIMENSAT: Partial<Record<NodeJS.Architecture, number>> = { x64: 280, arm64: 88 };

/** Reads `atime s, atime ns, mtime s, mtime ns` and a path, each ended by NUL; prints the paths that failed. */
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
  #helper: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  #state: 'unused' | 'running' | 'unavailable' = 'unused';
  #isUp = false;
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  /** Kept only until the program is known to have started: after that it does them all. */
  #sent: { path: Buffer; atime: Nanoseconds; mtime: Nanoseconds }[] = [];

  set(path: Buffer, atime: Nanoseconds, mtime: Nanoseconds): void {
    if (this.#state === 'unused') this.#start();
    if (this.#state === 'unavailable') return this.#setByNode(path, atime, mtime);
    const head = Buffer.from(`${whole(atime)} ${rest(atime)} ${whole(mtime)} ${rest(mtime)}\0`);
    this.#unsent.push(head, path, NUL);
    this.#unsentBytes += head.length + path.length + 1;
    if (!this.#isUp) this.#sent.push({ path, atime, mtime });
    if (this.#unsentBytes >= 64 * 1024) this.#send();
  }

  /** Resolves when all times are set; gives the paths for which that failed. */
  async flush(): Promise<readonly Buffer[]> {
    if (this.#helper) {
      this.#send();
      this.#helper.stdin?.end();
      await this.#ended;
      this.#helper = undefined;
    }
    if (this.#state === 'unavailable')
      for (const { path, atime, mtime } of this.#sent) this.#setByNode(path, atime, mtime);
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

  #send(): void {
    this.#helper?.stdin?.write(Buffer.concat(this.#unsent));
    this.#unsent = [];
    this.#unsentBytes = 0;
  }

  #setByNode(path: Buffer, atime: Nanoseconds, mtime: Nanoseconds): void {
    try {
      lutimesSync(path, Number(atime) / 1e9, Number(mtime) / 1e9);
    } catch {
      this.#failed.push(path);
    }
  }
}

const NUL = Buffer.from([0]);

/** Whole seconds, rounded down, so that the rest is never negative. */
function whole(ns: Nanoseconds): bigint {
  const seconds = ns / SECOND;
  return ns % SECOND < 0n ? seconds - 1n : seconds;
}

function rest(ns: Nanoseconds): bigint {
  return ns - whole(ns) * SECOND;
}
