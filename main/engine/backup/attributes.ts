import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { ExtendedAttribute } from '../format/tree.ts';
import type { BytePath } from './byte-path.ts';

/** Paths, and bytes of them, in one call of the helper: below what any system takes as arguments. */
const BATCH = 1000;
const BATCH_BYTES = 100_000;
/** Calls that are under way at once: one at work, one ready. */
const BATCHES_AHEAD = 1;
/** How long a half-full batch waits for more, in milliseconds: a call costs the same however full it is. */
const WAIT_MS = 500;
/** Fills up a batch that is not full, so that the helper does not wait for more. */
const FILLER = '/\0';
/** Every call is followed by a NUL, which no name and no attribute line can hold. */
const PER_CALL = 'getfattr -h -d -m - -e base64 --absolute-names -- "$@"; printf "\\0"';

/** `died`: ended before it had answered everything, or was closed by us. */
export type HelperState = 'works' | 'missing' | 'died';

interface Request {
  readonly path: BytePath;
  readonly done: (attributes: readonly ExtendedAttribute[] | undefined) => void;
}

/**
 * Reads extended attributes by `getfattr` (Node has no call for them): one `xargs` for a whole run starts it for every
 * thousand paths. Paths go through standard input, so that names of any bytes pass.
 */
export class AttributeReader {
  #waiting: Request[] = [];
  #timer: NodeJS.Timeout | undefined;
  #helper: ChildProcessWithoutNullStreams | undefined;
  readonly #asked: Request[][] = [];
  #output: Buffer[] = [];
  #state: HelperState = process.platform === 'linux' ? 'works' : 'missing';
  #problems = 0;
  #wake: (() => void)[] = [];

  /** Resolves once few enough questions are open that the walk may ask more: its directories wait in memory for them. */
  async roomy(): Promise<void> {
    while (this.#asked.length >= BATCHES_AHEAD && this.#waiting.length >= BATCH)
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

  /** Tells the attributes of a path, later; undefined when there are none or they cannot be read. */
  read(path: BytePath, done: Request['done']): void {
    if (this.#state !== 'works') return queueMicrotask(() => done(undefined));
    this.#waiting.push({ path, done });
    if (this.#waiting.length >= BATCH && this.#asked.length < BATCHES_AHEAD) this.#ask();
    else this.#timer ??= setTimeout(() => this.#ask(), WAIT_MS);
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

  #ask(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#asked.push(batch);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#ask(), WAIT_MS);
    this.#helper ??= this.#start();
    const paths = batch.map(({ path }) => path).join('\0');
    this.#helper.stdin.write(`${paths}\0${FILLER.repeat(BATCH - batch.length)}`, 'latin1');
  }

  /** As many as one call may have, by number and by bytes. */
  #takeBatch(): Request[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ path }, position) => {
      bytes += path.length + 1;
      return position === BATCH || (position > 0 && bytes > BATCH_BYTES);
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  #start(): ChildProcessWithoutNullStreams {
    const args = ['-0', '-n', String(BATCH), '-s', '131000', 'sh', '-c', PER_CALL, 'sh'];
    const child = spawn('xargs', args, { env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' } });
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    const wholeLines = lineSplitter();
    child.stderr.on('data', (chunk: Buffer) => this.#complain(wholeLines(chunk.toString('latin1'))));
    child.stdin.on('error', () => undefined);
    child.on('error', () => this.#giveUp('missing'));
    child.on('close', () => this.#giveUp('died'));
    return child;
  }

  #receive(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
      const found = parseGetfattr(Buffer.concat([...this.#output, rest.subarray(0, end)]));
      this.#output = [];
      rest = rest.subarray(end + 1);
      for (const { path, done } of this.#asked.shift() ?? []) done(found.get(path));
    }
    if (rest.length > 0) this.#output.push(rest);
    if (this.#waiting.length >= BATCH) this.#ask();
    for (const wake of this.#wake.splice(0)) wake();
  }

  #complain(lines: readonly string[]): void {
    for (const line of lines) {
      if (line.includes('getfattr: not found')) this.#state = 'missing';
      else if (!line.endsWith('No such file or directory') && /^getfattr: |: getfattr: /.test(line)) this.#problems++;
    }
  }

  #giveUp(state: HelperState): void {
    if (this.#state === 'works') this.#state = state;
    for (const wake of this.#wake.splice(0)) wake();
    for (const { done } of [...this.#asked.splice(0).flat(), ...this.#waiting.splice(0)]) done(undefined);
  }
}

/** Takes text in pieces and gives the lines that are whole by then. */
export function lineSplitter(): (piece: string) => readonly string[] {
  let rest = '';
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    return lines;
  };
}

type Found = ReadonlyMap<string, readonly ExtendedAttribute[]>;

/** `# file: PATH`, then `name=0sBASE64` lines, then an empty line. Keys of the answer are byte paths. */
export function parseGetfattr(output: Buffer): Found {
  const found = new Map<string, ExtendedAttribute[]>();
  let current: ExtendedAttribute[] = [];
  for (const line of output.toString('latin1').split('\n')) {
    if (line.startsWith('# file: ')) {
      current = [];
      found.set(unquote(line.slice(8)), current);
    } else if (line !== '') {
      const end = line.indexOf('=');
      const name = unquote(end === -1 ? line : line.slice(0, end));
      const value = end === -1 ? '' : line.slice(end + 1).replace(/^0s/, '');
      current.push({ name: Buffer.from(name, 'latin1').toString('utf8'), value: Buffer.from(value, 'base64') });
    }
  }
  return found;
}

/** getfattr writes line ends, backslashes and `=` as `\ooo`. */
function unquote(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** getfattr sorts by name, restic keeps the system's order: the parent's order avoids a new tree for nothing. */
export function inOrderOf(
  before: readonly ExtendedAttribute[] | undefined,
  now: readonly ExtendedAttribute[],
): readonly ExtendedAttribute[] {
  if (!before || before.length !== now.length) return now;
  const byName = new Map(now.map((attribute) => [attribute.name, attribute]));
  const ordered = before.flatMap(({ name }) => byName.get(name) ?? []);
  return ordered.length === now.length ? ordered : now;
}
