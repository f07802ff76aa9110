import { isUtf8 } from 'node:buffer';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { ExtendedAttribute } from '../format/tree.ts';
import { type BytePath, bytesOf } from './byte-path.ts';
import type { Directory } from './directory.ts';
import { type Listing, nameStart } from './listing.ts';
import { PathBatch } from './path-batch.ts';
import { waysInto } from './visit.ts';

/** Paths in one question to the helper. */
const BATCH = 1000;
/** Questions that are under way at once: one at work, one ready. */
const BATCHES_AHEAD = 1;
/** How long a half-full batch waits for more, in milliseconds. */
const WAIT_MS = 500;

/** Numbers of the system calls llistxattr and lgetxattr. */
const CALLS: Partial<Record<NodeJS.Architecture, readonly [list: number, get: number]>> = {
  x64: [195, 192],
  arm64: [12, 9],
};

/**
 * Reads `COUNT` and that many entries, each ended by NUL: `=` and a path, or `+` and a name in the directory that was named last,
 * which comes as it is, with its first `/`. It goes there, as looking up the whole way to each entry would be most of the work.
 * Answers with a record for each entry that has attributes: its position, how many (or `PROBLEM`), and names and values
 * behind their lengths; `END` after the last. Numbers have 32 bits, the highest byte first. What is gone meanwhile and file
 * systems without attributes have none (ENOENT, ENOTDIR, EOPNOTSUPP); an attribute that went meanwhile (ENODATA) is passed over.
 */
const PERL = `
my ($list, $get) = map { $_ + 0 } @ARGV; $/ = "\\0"; $| = 1; binmode STDIN; binmode STDOUT;
my $names = "\\0" x 65536; my $value = "\\0" x 65536; my $way = "";
while (defined(my $count = <STDIN>)) {
  chomp $count; my $answer = "";
  for my $i (0 .. $count - 1) {
    my $path = <STDIN>; chomp $path;
    while (ord $path == 47) { $way = chdir($path) ? "" : "$path/"; $path = <STDIN>; chomp $path; }
    $path = ord $path == 61 ? substr($path, 1) : $way . substr($path, 1);
    my $bytes = syscall($list, $path, $names, 65536);
    next if $bytes == 0;
    if ($bytes < 0) { my $e = $! + 0; $answer .= pack("NN", $i, 0xffffffff) unless $e == 2 || $e == 20 || $e == 95; next; }
    my $found = 0; my $problem = 0; my $pairs = "";
    for my $name (split(/\\0/, substr($names, 0, $bytes))) {
      my $length = syscall($get, $path, $name, $value, 65536);
      if ($length < 0) { $problem = 1 unless $! + 0 == 61; next; }
      $pairs .= pack("N/a* N/a*", $name, substr($value, 0, $length)); $found++;
    }
    $answer .= $problem ? pack("NN", $i, 0xffffffff) : pack("NN", $i, $found) . $pairs if $problem || $found;
  }
  print $answer . pack("N", 0xffffffff);
}`;
const END = 0xffff_ffff;
const PROBLEM = 0xffff_ffff;

/** `died`: ended before it had answered everything, or was closed by us. */
export type HelperState = 'works' | 'missing' | 'died';

/** Undefined when there are none. `unread`: there may be some. */
export type AttributesRead = readonly ExtendedAttribute[] | undefined | 'unread';

/** Who asks for the attributes of paths, and tells them apart by numbers of its own. */
export interface AttributeAsker {
  attributesRead(position: number, attributes: AttributesRead): void;
}

/** Paths for one question, in columns. */
class Question {
  readonly paths = new PathBatch();
  readonly askers: AttributeAsker[] = [];
  readonly positions: number[] = [];
  /** The directory that was named last. */
  way: BytePath | undefined;

  get isFull(): boolean {
    return this.askers.length >= BATCH;
  }

  /** @param found by the position of the path in the question */
  answer(found: ReadonlyMap<number, AttributesRead>): void {
    for (const [n, asker] of this.askers.entries()) asker.attributesRead(this.positions[n] as number, found.get(n));
  }

  /** Nobody answers it. */
  giveUp(): void {
    for (const [n, asker] of this.askers.entries()) asker.attributesRead(this.positions[n] as number, 'unread');
  }
}

/** Whether there is a helper for this system at all. Where there is none, attributes are no part of a backup. */
const IS_POSSIBLE = process.platform === 'linux' && CALLS[process.arch] !== undefined;

/**
 * Reads extended attributes by one Perl for a whole run (Node has no call for them): 2.5 microseconds a path, where
 * `getfattr` took 10. Paths go through standard input, so that names of any bytes pass.
 */
export class AttributeReader {
  /** Full ones, and the one that is being filled last. */
  #waiting: Question[] = [];
  #timer: NodeJS.Timeout | undefined;
  #helper: ChildProcessWithoutNullStreams | undefined;
  readonly #asked: Question[] = [];
  #output: Buffer = Buffer.alloc(0);
  #state: HelperState = IS_POSSIBLE ? 'works' : 'missing';
  #problems = 0;
  #unstorable = 0;
  #wake: (() => void)[] = [];

  /** Resolves once few enough questions are open that the walk may ask more: its directories wait in memory for them. */
  async roomy(): Promise<void> {
    while (this.#asked.length >= BATCHES_AHEAD && this.#isOneFull)
      await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** Once the helper turned out to be missing, or has died, attributes are left out, and the report says so. */
  get state(): HelperState {
    return this.#state;
  }

  /** Paths whose attributes could not be read. */
  get problems(): number {
    return this.#problems;
  }

  /** Attributes left out because the format has no way to write their names. */
  get unstorable(): number {
    return this.#unstorable;
  }

  /** What is said of a path that is not asked for, as the helper does not work. */
  get unasked(): undefined | 'unread' {
    return IS_POSSIBLE ? 'unread' : undefined;
  }

  /** Tells the attributes of a path, later. */
  read(path: BytePath, done: (attributes: AttributesRead) => void): void {
    if (this.#state !== 'works') return queueMicrotask(() => done(this.unasked));
    const question = this.#filling;
    question.paths.addMarked('=', bytesOf(path), 0, path.length);
    this.#added(question, { attributesRead: (_, attributes) => done(attributes) }, 0);
  }

  /** As `read`, of what is in a directory by its listing; only while the helper works. */
  readListed(asker: AttributeAsker, position: number, directory: Directory, { names, ends }: Listing): void {
    const question = this.#filling;
    const way = waysInto(directory);
    if (question.way !== way) {
      question.way = way;
      question.paths.add(way);
    }
    question.paths.addMarked('+', names, nameStart(ends, position), ends[position] as number);
    this.#added(question, asker, position);
  }

  /** No more questions come soon: asks what has gathered. */
  flush(): void {
    while (this.#waiting.length > 0 && this.#state === 'works') this.#ask();
  }

  /** Ends the helper; what is still asked for is answered as having none. */
  close(): void {
    this.#giveUp('died');
    this.#helper?.kill();
  }

  get #filling(): Question {
    const last = this.#waiting.at(-1);
    if (last && !last.isFull) return last;
    const next = new Question();
    this.#waiting.push(next);
    return next;
  }

  get #isOneFull(): boolean {
    return this.#waiting[0]?.isFull === true;
  }

  #added(question: Question, asker: AttributeAsker, position: number): void {
    question.askers.push(asker);
    question.positions.push(position);
    if (this.#isOneFull && this.#asked.length < BATCHES_AHEAD) this.#ask();
    else this.#timer ??= setTimeout(() => this.#ask(), WAIT_MS);
  }

  #ask(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const question = this.#waiting.shift();
    if (!question) return;
    this.#asked.push(question);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#ask(), WAIT_MS);
    this.#helper ??= this.#start();
    this.#helper.stdin.write(`${question.askers.length}\0`);
    this.#helper.stdin.write(question.paths.take());
  }

  #start(): ChildProcessWithoutNullStreams {
    const calls = CALLS[process.arch] ?? [];
    const child = spawn('perl', ['-e', PERL, ...calls.map(String)], { env: { PATH: '/usr/local/bin:/usr/bin:/bin' } });
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    child.stderr.resume();
    child.stdin.on('error', () => undefined);
    child.on('error', () => this.#giveUp('missing'));
    child.on('close', () => this.#giveUp('died'));
    return child;
  }

  #receive(chunk: Buffer): void {
    this.#output = this.#output.length === 0 ? chunk : Buffer.concat([this.#output, chunk]);
    for (let answer = parseAnswer(this.#output); answer; answer = parseAnswer(this.#output)) {
      this.#output = this.#output.subarray(answer.length);
      this.#problems += answer.problems;
      this.#unstorable += answer.unstorable;
      this.#asked.shift()?.answer(answer.found);
    }
    if (this.#isOneFull) this.#ask();
    for (const wake of this.#wake.splice(0)) wake();
  }

  #giveUp(state: HelperState): void {
    if (this.#state === 'works') this.#state = state;
    for (const wake of this.#wake.splice(0)) wake();
    for (const question of [...this.#asked.splice(0), ...this.#waiting.splice(0)]) question.giveUp();
  }
}

interface Answer {
  /** By the position of the path in the question. */
  readonly found: ReadonlyMap<number, AttributesRead>;
  readonly problems: number;
  /** Attributes whose names are not UTF-8; they are not in `found`. */
  readonly unstorable: number;
  /** Bytes that the answer takes. */
  readonly length: number;
}

/** The answer to one question at the beginning of `output`; undefined when it is not whole yet. */
export function parseAnswer(output: Buffer): Answer | undefined {
  const found = new Map<number, AttributesRead>();
  let problems = 0;
  let unstorable = 0;
  let at = 0;
  const whole = (bytes: number): boolean => at + bytes <= output.length;
  const number = (): number => {
    at += 4;
    return output.readUInt32BE(at - 4);
  };
  while (whole(4)) {
    const position = number();
    if (position === END) return { found, problems, unstorable, length: at };
    if (!whole(4)) return undefined;
    const count = number();
    if (count === PROBLEM) {
      problems++;
      found.set(position, 'unread');
      continue;
    }
    const attributes: ExtendedAttribute[] = [];
    for (let n = 0; n < count; n++) {
      const pair: Buffer[] = [];
      for (let field = 0; field < 2; field++) {
        if (!whole(4)) return undefined;
        const length = number();
        if (!whole(length)) return undefined;
        // In memory of its own: the answer's is large, and a node may be kept for long.
        pair.push(Buffer.from(output.subarray(at, at + length)));
        at += length;
      }
      const [name = Buffer.alloc(0), value = Buffer.alloc(0)] = pair;
      // The format writes names as text (section 8.1): another name would come back, and two of them might become one.
      if (isUtf8(name)) attributes.push({ name: name.toString('utf8'), value });
      else unstorable++;
    }
    found.set(position, attributes);
  }
  return undefined;
}

/** The system need not keep an order: the parent's avoids a new tree for nothing. */
export function inOrderOf(
  before: readonly ExtendedAttribute[] | undefined,
  now: readonly ExtendedAttribute[],
): readonly ExtendedAttribute[] {
  if (!before || before.length !== now.length) return now;
  const byName = new Map(now.map((attribute) => [attribute.name, attribute]));
  const ordered = before.flatMap(({ name }) => byName.get(name) ?? []);
  return ordered.length === now.length ? ordered : now;
}
