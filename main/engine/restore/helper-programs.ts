import { spawn } from 'node:child_process';
import type { ExtendedAttribute } from '../format/tree.ts';

/** Runs a program of the system on raw bytes; `missing` when there is no such program. */
export function runHelper(
  program: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
): Promise<'done' | 'failed' | 'missing'> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', (error) => resolve((error as { code?: string }).code === 'ENOENT' ? 'missing' : 'failed'));
    child.on('close', (code) => resolve(code === 0 ? 'done' : 'failed'));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/**
 * Makes fifos and devices by `mkfifo` and `mknod`. Arguments of a process cannot carry bytes that are not UTF-8 from
 * Node, so the shell takes the path from standard input.
 */
export function makeSpecialFile(path: Buffer, kind: 'fifo' | 'dev' | 'chardev', device: number) {
  const { major, minor } = deviceNumbers(device);
  const command =
    kind === 'fifo'
      ? 'mkfifo -m 600 -- "$path"'
      : `mknod -m 600 -- "$path" ${kind === 'dev' ? 'b' : 'c'} ${major} ${minor}`;
  // A mark after the path keeps line ends at its end, which `$( )` would cut.
  return runHelper('sh', ['-c', `path=$(cat; echo x); path=\${path%x}; ${command}`], path);
}

/** Linux' encoding of device numbers, as `stat` gives it. */
function deviceNumbers(device: number): { readonly major: bigint; readonly minor: bigint } {
  const number = BigInt(device);
  return {
    major: ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn),
    minor: (number & 0xffn) | ((number >> 12n) & ~0xffn),
  };
}

export interface AttributeTarget {
  readonly path: Buffer;
  readonly attributes: readonly ExtendedAttribute[];
}

/** Sets extended attributes by `setfattr`, all in one process; gives those for which it failed. */
export async function setAttributes(
  targets: readonly AttributeTarget[],
): Promise<{ readonly state: 'done' | 'missing'; readonly failed: readonly AttributeTarget[] }> {
  if (targets.length === 0) return { state: 'done', failed: [] };
  const result = await restoreDump(targets);
  if (result === 'missing') return { state: 'missing', failed: targets };
  if (result === 'done') return { state: 'done', failed: [] };
  if (targets.length === 1) return { state: 'done', failed: targets };
  // Halves find the few that fail without reading the program's words.
  const half = targets.length >> 1;
  const parts = [await setAttributes(targets.slice(0, half)), await setAttributes(targets.slice(half))];
  return { state: 'done', failed: parts.flatMap(({ failed }) => failed) };
}

function restoreDump(targets: readonly AttributeTarget[]): Promise<'done' | 'failed' | 'missing'> {
  const lines = targets.map(
    ({ path, attributes }) =>
      `# file: ${escaped(path)}\n${attributes.map(({ name, value }) => `${escaped(Buffer.from(name), '=')}=0s${Buffer.from(value).toString('base64')}\n`).join('')}\n`,
  );
  return runHelper('setfattr', ['-h', '--restore=-'], Buffer.from(lines.join(''), 'latin1'));
}

/** As `getfattr --dump` writes it: backslash, line ends and what ends a field as octal. */
function escaped(bytes: Buffer, special = ''): string {
  return bytes
    .toString('latin1')
    .replace(/[\\\n\r]/g, octal)
    .replaceAll(special || '\n', octal);
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
