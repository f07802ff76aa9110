import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { compileWasm, WASM_MODULES, wasmModuleText } from '../../../scripts/compile-wasm.ts';

it.each(WASM_MODULES)('$name runs the bytes that its source compiles to', async (one) => {
  expect(await readFile(one.target, 'utf8')).toBe(wasmModuleText(one, await compileWasm(one)));
});
