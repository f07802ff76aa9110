#!/usr/bin/env node
/**
 * The `triplicate` command. Plain JavaScript, so that an older Node can read it and say what is needed: the program
 * itself is TypeScript that Node 24 runs as it is. A checkout brings its own Node 24 (see package.json).
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  module.enableCompileCache?.();
  await import('./cli.ts');
} else {
  const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (existsSync(own)) {
    const child = spawn(own, process.argv.slice(1), { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
  } else {
    process.stderr.write(
      `Triplicate needs Node ${NEEDED} and this is Node ${process.versions.node}. Run "npm ci" in its folder: that brings Node ${NEEDED} along.\n`,
    );
    process.exit(1);
  }
}
