import { readFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

/** A WebAssembly module of the engine: its AssemblyScript, and the committed TypeScript that carries what it compiles to. */
export interface WasmModule {
  readonly name: string;
  readonly source: URL;
  readonly target: URL;
}

export const WASM_MODULES: readonly WasmModule[] = [moduleIn('chunker', 'rabin'), moduleIn('format', 'poly1305')];

function moduleIn(room: string, name: string): WasmModule {
  const folder = new URL(`../main/engine/${room}/`, import.meta.url);
  return { name, source: new URL(`assembly/${name}.ts`, folder), target: new URL(`${name}-wasm.ts`, folder) };
}

/** The WebAssembly bytes of a module, the same wherever it is compiled. */
export async function compileWasm({ name, source }: WasmModule): Promise<Uint8Array> {
  const file = `${name}.ts`;
  const text = await readFile(source, 'utf8');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [file, '--outFile', `${name}.wasm`, '-O3', '--runtime', 'stub', '--noAssert', '--importMemory', '--enable', 'simd'],
    {
      readFile: (asked) => (asked === file ? text : null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`${file} does not compile: ${stderr.toString()}`, { cause: error });
  return binary;
}

/**
 * The source text of the module that carries the bytes. Base64 in a module instead of a file beside it, because that works
 * alike in Node, in a worker thread and in a bundled app.
 */
export function wasmModuleText({ name }: WasmModule, binary: Uint8Array): string {
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  return [
    `/** The compiled \`assembly/${name}.ts\`. Made by \`npm run build:wasm\`; a test compares both. */`,
    `export const ${name.toUpperCase()}_WASM_BASE64 =`,
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}
