#!/usr/bin/env node
/**
 * The `triplicate` command. Plain JavaScript, so that an older Node can read it and say what is needed: the program
 * itself is TypeScript that Node 24 runs as it is. A checkout brings its own Node 24 (see package.json).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

/**
 * Makes the collector work often on little instead of seldom on much: a backup of 200,000 files takes 100 MB less, a
 * restore 200 MB, and neither more time. Node reads the flags only as it starts.
 */
const SMALL_HEAP = ['--max-semi-space-size=4', '--heap-growing-percent=40'];

/**
 * Node keeps the program here as it has compiled it, worker threads included: a third less time to start. A folder of
 * the person's own, because what lies there is run; Node's default is one in the shared temporary folder.
 */
if (process.env.NODE_COMPILE_CACHE === undefined) {
  const folder = ownFolder(process.env.XDG_CACHE_HOME || join(ownHome(), '.cache'), 'triplicate', 'code');
  if (folder) process.env.NODE_COMPILE_CACHE = folder;
}

/** A folder that nobody else may write to, whatever the umask is; undefined where none can be made. */
function ownFolder(...names) {
  const paths = names.map((_name, depth) => join(...names.slice(0, depth + 1)));
  for (const path of paths) {
    try {
      // Not recursive, and not left to Node: neither ends where the system makes no folder, as in /proc.
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if (error.code !== 'EEXIST') return existsSync(paths.at(-1)) ? paths.at(-1) : undefined;
    }
  }
  return paths.at(-1);
}

/** A user that is only a number to the system, as in a container, may have none. */
function ownHome() {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/**
 * glibc keeps freed packs (16 MiB each) for later and gives every thread a heap of its own: a tenth of the memory, for
 * nothing. It reads these as the process starts; other systems pass over them.
 */
process.env.MALLOC_ARENA_MAX ??= '2';
process.env.MALLOC_MMAP_THRESHOLD_ ??= '262144';
process.env.MALLOC_TRIM_THRESHOLD_ ??= '524288';

/**
 * A command takes and returns the same megabytes again and again: in pages of 2 MiB that costs a fault for 512 of the usual
 * ones. The app, which is at rest for days, does without, as such a page is kept for the last byte in it.
 */
if (process.argv.slice(2).find((word) => !word.startsWith('-')) === 'repo') {
  process.env.GLIBC_TUNABLES ??= 'glibc.malloc.hugetlb=1';
}

/**
 * Files are read and written by as many threads. Node's four are too few for a restore: each of them waits for the disk with
 * megabytes in its hands.
 */
process.env.UV_THREADPOOL_SIZE ??= '8';

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  if (process.execve && process.platform !== 'win32' && !process.execArgv.includes(SMALL_HEAP[0])) {
    const flags = [...process.execArgv, '--disable-warning=ExperimentalWarning', ...SMALL_HEAP];
    process.execve(process.execPath, [process.execPath, ...flags, ...process.argv.slice(1)], process.env);
  }
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  const { programUrl } = await import('./cli/bundle.js');
  await import(programUrl());
} else {
  const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (existsSync(own)) {
    const child = spawn(own, [...SMALL_HEAP, ...process.argv.slice(1)], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
  } else {
    process.stderr.write(
      `Triplicate needs Node ${NEEDED} and this is Node ${process.versions.node}. Run "npm ci" in its folder: that brings Node ${NEEDED} along.\n`,
    );
    process.exit(1);
  }
}
