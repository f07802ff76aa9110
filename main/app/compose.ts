import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Disk } from '../api/contract/destinations.ts';
import { makeFolderDurably } from '../engine/store/local-files.ts';
import { CatchUp } from './catch-up.ts';
import type { Core } from './core.ts';
import { DestinationWatch } from './destination-watch.ts';
import { Destinations } from './destinations.ts';
import { listDisks } from './disks.ts';
import type { Engine } from './engine-link/calls.ts';
import { EngineClient } from './engine-link/client.ts';
import { AppEvents } from './events.ts';
import { Folders } from './folders.ts';
import { History } from './history.ts';
import { openLog } from './log.ts';
import { Missed } from './missed.ts';
import { PendingChanges } from './pending-changes.ts';
import { Places } from './places.ts';
import type { AppPorts } from './ports.ts';
import { Proofs } from './proofs.ts';
import { configuration, FIRST_CONFIGURATION, FIRST_LEDGER, ledger } from './records.ts';
import { Restores } from './restores.ts';
import { Runs } from './runs/runs.ts';
import { Scheduler } from './scheduler.ts';
import { Secrets } from './secrets.ts';
import { SettingsService } from './settings.ts';
import { Setup } from './setup.ts';
import { openStateFile } from './state-file.ts';
import { SystemService } from './system-info.ts';
import { Watching } from './watching.ts';
import { Work } from './work.ts';

/** The running app: its services and its events. Hosts carry it to a screen; nothing in it knows which one. */
export interface App {
  readonly events: AppEvents;
  readonly log: Logger;
  readonly system: SystemService;
  readonly places: Places;
  readonly settings: SettingsService;
  readonly setup: Setup;
  readonly folders: Folders;
  readonly destinations: Destinations;
  readonly runs: Runs;
  readonly work: Work;
  readonly catchUp: CatchUp;
  readonly history: History;
  readonly restores: Restores;
  disks(): Promise<Disk[]>;
  /** Cancels what runs, waits for it, ends our processes, and leaves the state on disk. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Where the app keeps its own state: used by one process only (see `single-instance.ts`). */
  readonly home: string;
  /** `serving`: watches, schedules, looks at destinations; `once`: only does what it is asked to (one CLI command). */
  readonly life?: 'serving' | 'once';
  /** An engine for tests; a process of its own otherwise. */
  readonly engine?: Engine;
}

/** How long runs that were cancelled may take to end. */
const CANCELLING_MS = 4000;

/** Builds the app; the only place that constructs and joins its parts. @throws `config/invalid`, `config/newer` */
export async function createApp(ports: AppPorts, options: AppOptions): Promise<App> {
  const stateFolder = options.home;
  await makeFolderDurably(stateFolder, 0o700);
  const log = openLog(stateFolder);
  const events = new AppEvents();
  const engine =
    options.engine ??
    new EngineClient(() => ports.startProcess(new URL('./engine-link/engine-process.ts', import.meta.url), 'engine'));
  const secrets = new Secrets(ports.keyStore);
  await secrets.load();
  const now = (): number => ports.clock.now();
  const core: Core = {
    ports,
    log,
    events,
    engine,
    secrets,
    configuration: await openStateFile({
      path: join(stateFolder, 'configuration.json'),
      schema: configuration,
      initial: FIRST_CONFIGURATION,
      now,
    }),
    ledger: await openStateFile({ path: join(stateFolder, 'ledger.json'), schema: ledger, initial: FIRST_LEDGER, now }),
    stateFolder,
    changed: (what) => tellSoon(what),
  };

  const pending = new PendingChanges();
  const runs = new Runs(core);
  const watch = new DestinationWatch(core);
  const missed = new Missed(core);
  const destinations = new Destinations(core, watch, runs, missed);
  const watching = new Watching(core, pending);
  const folders = new Folders(core, { destinations, runs, pending, watching });
  const proofs = new Proofs(core, folders, destinations);
  const work = new Work(core, { folders, destinations, watch, runs, pending, proofs });
  const history = new History(core, folders, destinations, watch);
  const restores = new Restores(core, { folders, destinations, history, runs, watch });
  const catchUp = new CatchUp(core, { folders, destinations, watch, history, missed, runs, work });
  const scheduler = new Scheduler(core, { folders, destinations, watch, watching, runs, pending, work, catchUp });
  const settings = new SettingsService(core);
  const setup = new Setup(core, folders, destinations);
  const system = new SystemService(core);
  const tellSoon = coalesce(async (what) => {
    if (what === 'folders') events.emit('folders.changed', folders.list());
    else if (what === 'destinations') events.emit('destinations.changed', destinations.list());
    else events.emit('system.changed', await system.info());
  }, log);

  await runs.recover();
  await folders.prepare();
  await settings.applyLimits();
  catchUp.start();
  if (options.life === 'once') await Promise.all([watch.lookAround(), watching.look(folders)]);
  else {
    watching.start(folders);
    history.start();
    scheduler.start();
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    scheduler.stop();
    // A share that does not answer may hold the engine: then it is ended, and what it was at ends with it.
    await Promise.race([runs.close(), delay(CANCELLING_MS, undefined, { ref: false })]);
    await Promise.all([watching.close(), engine.close()]);
    await runs.close();
    // What cannot be written, on a full disk, is no reason not to end; it was told when it happened.
    for (const settled of await Promise.allSettled([core.configuration.settled(), core.ledger.settled()]))
      if (settled.status === 'rejected') log.error({ err: settled.reason }, 'the state could not be written');
  };
  return {
    events,
    log,
    system,
    places: new Places(ports),
    settings,
    setup,
    folders,
    destinations,
    runs,
    work,
    catchUp,
    history,
    restores,
    disks: listDisks,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Many changes in a row are told once, a tenth of a second later. */
function coalesce<Word extends string>(tell: (word: Word) => Promise<void>, log: Logger): (word: Word) => void {
  const waiting = new Set<Word>();
  return (word) => {
    if (waiting.has(word)) return;
    waiting.add(word);
    setTimeout(() => {
      waiting.delete(word);
      tell(word).catch((error) => log.error({ err: error, word }, 'a change could not be told'));
    }, 100).unref();
  };
}
