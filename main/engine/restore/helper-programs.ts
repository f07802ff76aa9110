import { spawn } from 'node:child_process';

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
