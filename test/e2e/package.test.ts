import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Packs the app directory against a stand-in for Electron's program (none can be had where tests run) and looks into it:
 * the archive, what lies outside of it, and the fuse bits.
 */

const root = new URL('../..', import.meta.url).pathname;
const run = promisify(execFile);
let scratch: TemporaryFolder;
let unpacked: string;

beforeAll(async () => {
  scratch = await temporaryFolder('package');
  await run(process.execPath, ['scripts/build.ts', '--if-stale'], { cwd: root });
  await standInElectron(join(scratch.path, 'electron'));
  const rclone = join(scratch.path, 'vendor/rclone/linux-x64');
  await mkdir(rclone, { recursive: true });
  await writeFile(join(rclone, 'rclone'), '#!/bin/sh\n', { mode: 0o755 });
  const settings = await readFile(join(root, 'electron-builder.yml'), 'utf8');
  await writeFile(
    join(scratch.path, 'builder.yml'),
    settings.replace('from: vendor/', `from: ${join(scratch.path, 'vendor')}/`),
  );
  const version = JSON.parse(await readFile(join(root, 'node_modules/electron/package.json'), 'utf8')).version;
  await run(
    process.execPath,
    [
      join(root, 'node_modules/electron-builder/cli.js'),
      ...['--dir', '--linux', '--x64', '--config', join(scratch.path, 'builder.yml')],
      `-c.electronDist=${join(scratch.path, 'electron')}`,
      `-c.electronVersion=${version}`,
      `-c.directories.output=${join(scratch.path, 'dist')}`,
    ],
    { cwd: root },
  );
  unpacked = join(scratch.path, 'dist/linux-unpacked');
});

afterAll(() => scratch.remove());

describe('the package', () => {
  test('keeps window and bridge in the archive and what touches disks outside of it', async () => {
    const files = await archived(join(unpacked, 'resources/app.asar'));
    expect(files.inside).toEqual(
      expect.arrayContaining(['out/renderer/index.html', 'out/preload/index.cjs', 'package.json']),
    );
    expect(files.outside).toEqual(expect.arrayContaining(['out/main/index.js']));
    expect(files.inside.filter((file) => file.startsWith('out/main/'))).toEqual([]);
    await access(join(unpacked, 'resources/app.asar.unpacked/out/main/index.js'));
  });

  test('needs no node_modules and brings no sources, tests or maps of them', async () => {
    const { inside, outside } = await archived(join(unpacked, 'resources/app.asar'));
    const foreign = [...inside, ...outside].filter((file) =>
      /^(node_modules|main|renderer|test|docs|scripts)\//.test(file),
    );
    expect(foreign).toEqual([]);
    const main = join(unpacked, 'resources/app.asar.unpacked/out/main');
    const scripts = (await readdir(main, { recursive: true })).filter((name) => name.endsWith('.js'));
    const builtin = /^(node:|electron$|\.)/;
    for (const name of scripts) {
      const text = await readFile(join(main, name), 'utf8');
      const imports = [...text.matchAll(/^(?:import|export)\b[^'"\n]*from\s*["']([^"']+)["']/gm)].map(
        (match) => match[1] ?? '',
      );
      expect(
        imports.filter((specifier) => !builtin.test(specifier)),
        name,
      ).toEqual([]);
    }
  });

  test('has a process entry for every part that runs on its own', async () => {
    const names = await readdir(join(unpacked, 'resources/app.asar.unpacked/out/main'));
    for (const entry of ['index', 'engine-process', 'watch-process', 'backup-worker'])
      expect(names).toContain(`${entry}.js`);
    expect(names).toContain('package.json'); // says that they are modules: the folder stands alone
  });

  test('brings rclone as a program that can be run', async () => {
    const { stdout } = await run('stat', ['-c', '%a', join(unpacked, 'resources/rclone/rclone')]);
    expect(Number.parseInt(stdout.trim(), 8) & 0o111).toBe(0o111);
  });

  test('has its fuses set', async () => {
    const fuses = await readFuses(join(unpacked, 'triplicate'));
    expect(fuses).toMatchObject({
      runAsNode: 'off',
      cookieEncryption: 'on',
      nodeOptions: 'off',
      nodeInspect: 'off',
      asarIntegrity: 'on',
      onlyAsar: 'on',
      fileProtocolPrivileges: 'off',
    });
  });
});

/** Electron's fuse wire: a sentinel, version 1, the count, then one ASCII digit for each fuse (electron/fuses). */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

async function standInElectron(folder: string): Promise<void> {
  await mkdir(join(folder, 'resources'), { recursive: true });
  const wire = Buffer.concat([Buffer.from(SENTINEL), Buffer.from([1, 9]), Buffer.from('101100011')]);
  await writeFile(
    join(folder, 'electron'),
    Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(64), wire, Buffer.alloc(64)]),
  );
  await chmod(join(folder, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'resources.pak', 'version'])
    await writeFile(join(folder, name), '');
}

async function readFuses(program: string): Promise<Record<string, 'on' | 'off'>> {
  const bytes = await readFile(program);
  const start = bytes.indexOf(SENTINEL) + SENTINEL.length + 2;
  const names = [
    ...['runAsNode', 'cookieEncryption', 'nodeOptions', 'nodeInspect', 'asarIntegrity', 'onlyAsar'],
    ...['browserSnapshot', 'fileProtocolPrivileges', 'wasmTrapHandlers'],
  ];
  return Object.fromEntries(names.map((name, at) => [name, bytes[start + at] === 0x31 ? 'on' : 'off']));
}

interface AsarEntry {
  readonly files?: Readonly<Record<string, AsarEntry>>;
  readonly unpacked?: boolean;
}

/** The names in an asar: its header is JSON behind four 32-bit sizes. */
async function archived(path: string): Promise<{ inside: string[]; outside: string[] }> {
  const bytes = await readFile(path);
  const header: AsarEntry = JSON.parse(bytes.subarray(16, 16 + bytes.readUInt32LE(12)).toString());
  const found = { inside: [] as string[], outside: [] as string[] };
  const walk = (entry: AsarEntry, prefix: string): void => {
    for (const [name, child] of Object.entries(entry.files ?? {})) {
      if (child.files) walk(child, `${prefix}${name}/`);
      else (child.unpacked ? found.outside : found.inside).push(prefix + name);
    }
  };
  walk(header, '');
  return found;
}
