import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../../main/engine/engine.ts';
import { newRepository } from './engine.ts';
import { type FaultyServer, startFaultyServer } from './http-faults.ts';
import { type RestServer, startRestServer } from './rest-server.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

/** A new repository at a server that is reached through a proxy with faults, and an empty folder to be backed up there. */
export interface RepositoryBehindProxy {
  readonly scratch: TemporaryFolder;
  /** The folder to be backed up. */
  readonly source: string;
  /** The folder in which the server keeps the repository: what restic judges. */
  readonly folder: string;
  readonly server: RestServer;
  readonly proxy: FaultyServer;
  readonly far: Repository;
  close(): Promise<void>;
}

export async function repositoryBehindProxy(name: string): Promise<RepositoryBehindProxy> {
  const scratch = await temporaryFolder(name);
  const source = join(scratch.path, 'source');
  const folder = join(scratch.path, 'served');
  await mkdir(source);
  await mkdir(folder);
  const server = await startRestServer(folder);
  const proxy = await startFaultyServer(server.port);
  const far = await newRepository(`rest:${server.url(proxy.port)}`);
  return {
    scratch,
    source,
    folder,
    server,
    proxy,
    far,
    async close() {
      await far.store.close();
      await proxy.close();
      await server.close();
      await scratch.remove();
    },
  };
}
