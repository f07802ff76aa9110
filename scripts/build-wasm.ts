import { writeFileSync } from 'node:fs';
import { compileWasm, WASM_MODULES, wasmModuleText } from './compile-wasm.ts';

/** `npm run build:wasm`: compiles the WebAssembly of the engine and writes each as a module that is committed. */
for (const one of WASM_MODULES) writeFileSync(one.target, wasmModuleText(one, await compileWasm(one)));
