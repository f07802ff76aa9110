import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../../main/api/contract/runs.ts';
import type { DestinationId } from '../../main/api/contract/values.ts';
import { type App, createApp } from '../../main/app/compose.ts';
import { barePorts } from './bare-ports.ts';
import { quickEngine } from './engine.ts';

/** An app with the real engine that protects one folder on one disk, both below `scratch`. */
export interface FolderOnDisk {
  /** As of the last start. */
  readonly app: App;
  /** Where the copies are: `disk/copies`. */
  readonly location: string;
  readonly destinationId: DestinationId;
  /** The app with the same state, after a close or a kill. */
  start(): Promise<App>;
  /** Of the folder, to all its destinations; the first run when it has ended. */
  backUp(): Promise<Run>;
  /** Of the copy on that disk. */
  state(): string | undefined;
}

/** @param files of the folder `Documents`, by their names; nothing is backed up yet */
export async function folderOnDisk(
  scratch: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<FolderOnDisk> {
  const documents = join(scratch, 'Documents');
  const location = join(scratch, 'disk', 'copies');
  for (const path of [documents, join(scratch, 'disk')]) await mkdir(path);
  for (const [name, content] of Object.entries(files)) await writeFile(join(documents, name), content);
  const open = () => createApp(barePorts(), { home: join(scratch, 'home'), life: 'once', engine: quickEngine() });
  let app = await open();
  const { id } = await app.destinations.add({ name: 'Disk', location });
  await app.folders.add({ path: documents });
  return {
    get app() {
      return app;
    },
    location,
    destinationId: id,
    start: async () => {
      app = await open();
      return app;
    },
    backUp: async () => {
      const [run] = await app.work.backUpNow({});
      return app.runs.ended(run?.id ?? '');
    },
    state: () => app.folders.list()[0]?.copies[0]?.state,
  };
}
