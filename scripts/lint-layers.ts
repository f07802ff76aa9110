/** `node scripts/lint-layers.ts`: every fence between the layers, over all source files. Exit code 1 names each breach. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { findViolations } from './layers.ts';

const root = join(import.meta.dirname, '..');

const sources = ['main', 'preload', 'renderer']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((path) => /\.(ts|tsx|js|mjs)$/.test(path))
  // AssemblyScript has the ending but not the language.
  .filter((path) => !path.includes(`${sep}assembly${sep}`) && !path.endsWith('.as.ts'))
  .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(root, path), 'utf8') }));

const violations = findViolations(sources);
for (const { path, line, message } of violations) process.stderr.write(`${path}:${line}  ${message}\n`);
process.stderr.write(`Layers: ${sources.length} files, ${violations.length} breaches.\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
