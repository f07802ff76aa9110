import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEPENDENCIES, runtimesOf } from '../../config/dependencies.ts';
import { findViolations } from '../../scripts/layers.ts';

/** Each fence with a file that must fail: path, its text, words of the complaint. */
const BREACHES: readonly (readonly [path: string, text: string, complaint: RegExp])[] = [
  ['renderer/home/screen.tsx', "import { x } from '../../main/app/folders.ts';", /renderer must not import main\/app/],
  ['renderer/home/screen.tsx', "import type { x } from '../../main/app/folders.ts';", /renderer must not import/],
  ['renderer/home/screen.tsx', "import { x } from '../../main/api/dispatch.ts';", /renderer must not import/],
  ['renderer/home/screen.tsx', "import { readFile } from 'node:fs';", /node:fs/],
  ['renderer/home/screen.tsx', "import { app } from 'electron';", /electron \(shell only\)/],
  ['main/engine/backup/run.ts', "import { x } from '../../app/folders.ts';", /engine must not import main\/app/],
  ['main/engine/backup/run.ts', "import { x } from '../../rclone/rclone.ts';", /engine must not import main\/rclone/],
  ['main/engine/backup/run.ts', "export { x } from '../../app/folders.ts';", /engine must not import/],
  ['main/engine/backup/run.ts', "type A = import('electron').App;", /engine must not import electron/],
  ['main/engine/backup/run.ts', "const x = await import('react');", /engine must not import react/],
  ['main/engine/backup/run.ts', "import { execa } from 'execa';", /engine must not import execa/],
  ['main/engine/backup/run.ts', "import x from 'left-pad';", /left-pad is not classified/],
  ['main/engine/backup/run.ts', 'const t = Date.now();', /Date\.now/],
  ['main/engine/backup/run.ts', 'const t = new Date();', /new Date\(\)/],
  ['main/engine/backup/run.ts', 'const t = Math.random();', /Math\.random/],
  ['main/engine/backup/run.ts', 'const t = process.env.HOME;', /process\.env/],
  ['main/engine/format/pack.ts', "import { readFileSync } from 'node:fs';", /format must not import node:fs/],
  ['main/engine/format/pack.ts', "import { connect } from 'node:net';", /format must not import node:net/],
  ['main/engine/format/pack.ts', "import { x } from '../../app/folders.ts';", /format must not import main\/app/],
  ['main/catalog/search.ts', "import { x } from '../app/folders.ts';", /catalog must not import main\/app/],
  ['main/rclone/rclone.ts', "import { x } from '../app/folders.ts';", /rclone must not import main\/app/],
  [
    'main/watch/watcher.ts',
    "import { x } from '../engine/backup/run.ts';",
    /watch must not import main\/engine\/backup/,
  ],
  ['main/api/contract/runs.ts', "import { x } from '../dispatch.ts';", /contract must not import main\/api\/dispatch/],
  ['main/api/contract/runs.ts', "import { x } from '../../engine/errors.ts';", /contract must not import main\/engine/],
  ['main/api/contract/runs.ts', "import { x } from 'node:path';", /contract must not import node:path/],
  [
    'main/api/handlers/runs.ts',
    "import { x } from '../../engine/backup/run.ts';",
    /api must not import main\/engine\/backup/,
  ],
  ['main/api/handlers/runs.ts', "import { x } from '../../shell/tray.ts';", /api must not import main\/shell/],
  ['main/api/electron-transport.ts', "import { ipcMain } from 'electron';", /api must not import electron/],
  ['main/app/folders.ts', "import { x } from '../shell/tray.ts';", /app must not import main\/shell/],
  ['main/app/folders.ts', "import { x } from '../api/dispatch.ts';", /app must not import main\/api\/dispatch/],
  ['main/app/folders.ts', "import { app } from 'electron';", /app must not import electron/],
  ['main/headless.ts', "import { x } from './shell/window.ts';", /hosts must not import main\/shell/],
  ['preload/index.ts', "import { x } from '../main/app/folders.ts';", /preload must not import/],
  ['preload/index.ts', "import { readFile } from 'node:fs';", /preload must not import node:fs/],
  ['main/somewhere-new/file.ts', 'export const x = 1;', /belongs to no layer/],
];

const ALLOWED: readonly (readonly [path: string, text: string])[] = [
  ['renderer/home/screen.tsx', "import type { Contract } from '../../main/api/contract/contract.ts';"],
  ['renderer/home/screen.tsx', "import { Button } from '@mantine/core'; const t = Date.now(); <Button />;"],
  ['main/engine/backup/run.ts', "import { sealPack } from '../format/pack.ts'; const t = new Date(0);"],
  ['main/engine/workers/entry.ts', 'const x = process.env.X; // fence: the worker entry reads its start data'],
  ['main/engine/format/pack.ts', "import { createHash } from 'node:crypto'; import { x } from '../errors.ts';"],
  ['main/catalog/search.ts', "import { DatabaseSync } from 'node:sqlite'; import { x } from '../engine/errors.ts';"],
  ['main/app/folders.ts', "import type { Folder } from '../api/contract/folders.ts'; import { execa } from 'execa';"],
  ['main/api/electron-transport.ts', "import type { IpcMain } from 'electron';"],
  ['main/shell/tray.ts', "import { Tray } from 'electron'; import type { App } from '../app/compose.ts';"],
  ['preload/index.ts', "import { contextBridge } from 'electron';"],
];

describe('the fences between the layers', () => {
  test.each(BREACHES)('%s: %s', (path, text, complaint) => {
    const messages = findViolations([{ path, text }]).map((violation) => violation.message);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(complaint);
  });

  test.each(ALLOWED)('%s may: %s', (path, text) => {
    expect(findViolations([{ path, text }])).toEqual([]);
  });

  test('an exemption needs a reason of its own', () => {
    const text = 'const x = process.env.X; // fence:';
    expect(findViolations([{ path: 'main/engine/workers/entry.ts', text }])).toHaveLength(1);
  });

  test('a breach names its line', () => {
    const text = 'const a = 1;\n\nconst t = Date.now();';
    expect(findViolations([{ path: 'main/engine/x.ts', text }])[0]?.line).toBe(3);
  });
});

describe('the dependencies', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const shipped = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const tools = Object.keys(manifest.devDependencies);

  test('are all classified, and nothing else is', () => {
    expect(Object.keys(DEPENDENCIES).sort()).toEqual([...shipped, ...tools].sort());
  });

  test('of the engine stay below five', () => {
    expect(shipped.filter((name) => runtimesOf(name).includes('engine')).length).toBeLessThan(5);
  });

  test('that are shipped are not tools', () => {
    expect(shipped.filter((name) => runtimesOf(name).includes('tool'))).toEqual([]);
  });

  test('are pinned to exact versions', () => {
    const versions = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.values(versions).filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });
});
