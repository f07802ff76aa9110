import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileChunker, wasmModuleText } from './compile-chunker.ts';

/** `npm run build:wasm`: compiles the chunker and writes it as a module that is committed. */
const target = fileURLToPath(new URL('../main/engine/chunker/rabin-wasm.ts', import.meta.url));
writeFileSync(target, wasmModuleText(await compileChunker()));
