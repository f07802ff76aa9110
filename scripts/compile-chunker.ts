import { readFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

/** The WebAssembly bytes of the chunker's `rabin.ts`, the same wherever it is compiled. */
export async function compileChunker(): Promise<Uint8Array> {
  const source = await readFile(new URL('../main/engine/chunker/assembly/rabin.ts', import.meta.url), 'utf8');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ['rabin.ts', '--outFile', 'rabin.wasm', '-O3', '--runtime', 'stub', '--noAssert', '--importMemory'],
    {
      readFile: (name) => (name === 'rabin.ts' ? source : null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`The chunker does not compile: ${stderr.toString()}`, { cause: error });
  return binary;
}

/**
 * The source text of `rabin-wasm.ts`. Base64 in a module instead of a file beside it, because that works alike in Node,
 * in a worker thread and in a bundled app.
 */
export function wasmModuleText(binary: Uint8Array): string {
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  return [
    '/** The compiled `assembly/rabin.ts`. Made by `npm run build:wasm`; a test compares both. */',
    'export const RABIN_WASM_BASE64 =',
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}
