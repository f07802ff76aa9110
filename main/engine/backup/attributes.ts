import { spawn } from 'node:child_process';
import type { ExtendedAttribute } from '../format/tree.ts';

/** Paths that one helper process looks at. */
const BATCH = 4000;
/** How long a half-full batch waits for more, in milliseconds. */
const WAIT_MS = 15;

interface Request {
  readonly path: Uint8Array;
  readonly resolve: (attributes: readonly ExtendedAttribute[] | undefined) => void;
}

/**
 * Reads extended attributes by `getfattr` (Node has no call for them), many paths a process. Paths go through standard
 * input, so that names of any bytes pass and nothing depends on the length of a command line.
 */
export class AttributeReader {
  #waiting: Request[] = [];
  #timer: NodeJS.Timeout | undefined;
  #available: boolean = process.platform === 'linux';
  #problems = 0;

  /** False once the helper turned out to be missing: attributes are then left out, and the report says so. */
  get available(): boolean {
    return this.#available;
  }

  /** Paths whose attributes could not be read. */
  get problems(): number {
    return this.#problems;
  }

  /** The attributes of a path; undefined when there are none or they cannot be read. */
  read(path: Uint8Array): Promise<readonly ExtendedAttribute[] | undefined> {
    if (!this.#available) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push({ path, resolve });
      if (this.#waiting.length >= BATCH) this.#run();
      else this.#timer ??= setTimeout(() => this.#run(), WAIT_MS);
    });
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    const input = Buffer.concat(batch.flatMap(({ path }) => [path, ZERO]));
    askGetfattr(input).then(
      ({ found, problems }) => {
        this.#problems += problems;
        for (const { path, resolve } of batch) resolve(found.get(Buffer.from(path).toString('latin1')));
      },
      () => {
        this.#available = false;
        for (const { resolve } of batch) resolve(undefined);
      },
    );
  }
}

const ZERO = Buffer.from([0]);

type Found = ReadonlyMap<string, readonly ExtendedAttribute[]>;

function askGetfattr(input: Buffer): Promise<{ found: Found; problems: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn('xargs', ['-0', 'getfattr', '-h', '-d', '-m', '-', '-e', 'base64', '--absolute-names', '--'], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      // xargs: 123 when getfattr complained of a path, 127 when there is no getfattr.
      if (code !== 0 && code !== 123) return reject(new Error(`getfattr ended with ${code}`));
      const lines = Buffer.concat(complaints).toString('latin1').split('\n');
      const problems = lines.filter((line) => line !== '' && !line.endsWith('No such file or directory')).length;
      resolve({ found: parseGetfattr(Buffer.concat(output)), problems });
    });
    child.stdin.end(input);
  });
}

/** `# file: PATH`, then `name=0sBASE64` lines, then an empty line. Keys of the answer are paths as latin1 text. */
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
