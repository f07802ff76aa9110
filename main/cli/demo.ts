import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Destination } from '../api/contract/destinations.ts';
import type { Folder } from '../api/contract/folders.ts';
import { size } from '../app/runs/report-words.ts';
import { TriplicateError } from '../engine/errors.ts';
import { type Serving, serve } from '../headless.ts';
import { type Connection, connect, waitForRun } from './app/connection.ts';
import { describeFolder } from './app/status.ts';
import { type DemoCloud, startDemoCloud } from './demo-cloud.ts';
import { cancelOnSignals, EXIT, reportFailure } from './outcome.ts';

interface DemoOptions {
  readonly exit?: boolean;
  readonly port?: number;
}

const PASSPHRASE = 'demo passphrase, not a secret';

/** The whole promise on sample data, through the same API that the screen uses. Everything lies in one scratch folder. */
export async function demo(command: Command, options: DemoOptions): Promise<void> {
  const output = command.optsWithGlobals<{ json?: boolean }>().json ? 'json' : 'text';
  const signal = cancelOnSignals();
  const scratch = await mkdtemp(join(tmpdir(), 'triplicate-demo-'));
  let cloud: DemoCloud | undefined;
  let serving: Serving | undefined;
  let keep = false;
  try {
    cloud = await startDemoCloud(scratch);
    process.env.RCLONE_CONFIG = cloud.configFile;
    const home = join(scratch, 'home');
    serving = await serve({ home, port: options.port, browser: 'leave' });
    const show = new Show(await connect(home), scratch, signal, output);
    const result = await show.run(cloud.location);
    if (output === 'json') process.stdout.write(`${JSON.stringify(result)}\n`);
    if (!options.exit) {
      keep = true;
      process.stdout.write(
        `\nThe interface shows all of this: ${serving.address}\nCtrl-C ends the demo and removes its files.\n`,
      );
      await until(signal);
    }
    process.exitCode = EXIT.done;
  } catch (error) {
    process.exitCode = keep && signal.aborted ? EXIT.done : reportFailure(error, output);
  } finally {
    await serving?.close();
    await cloud?.close();
    await rm(scratch, { recursive: true, force: true });
  }
  process.exit();
}

interface DemoResult {
  readonly copies: number;
  readonly satisfied: boolean;
  readonly restoredEqual: boolean;
  readonly seconds: number;
}

/** The steps of the demo, told as they happen. */
class Show {
  readonly #app: Connection;
  readonly #folder: string;
  readonly #scratch: string;
  readonly #signal: AbortSignal;
  readonly #output: 'json' | 'text';
  readonly #started = performance.now();

  constructor(app: Connection, scratch: string, signal: AbortSignal, output: 'json' | 'text') {
    this.#app = app;
    this.#scratch = scratch;
    this.#folder = join(scratch, 'Documents');
    this.#signal = signal;
    this.#output = output;
  }

  async run(cloudLocation: string): Promise<DemoResult> {
    await this.#makeSample();
    const destinations = await this.#addDestinations(cloudLocation);
    const folder = await this.#app.call('folders.add', { path: this.#folder });
    await this.#app.call('setup.finish', {});
    this.#say(`Protected: ${this.#folder}`);
    await this.#backUp(folder, 'First backup');
    const original = await this.#changeThings();
    await this.#backUp(folder, 'After changes');
    await rm(join(this.#folder, 'Letters', 'to-grandmother.txt'));
    this.#say('Deleted: Letters/to-grandmother.txt, as if by mistake');
    await this.#backUp(folder, 'After the deletion');
    const restoredEqual = await this.#findAndRestore(folder, original);
    for (const destination of destinations) await this.#check(destination);
    return this.#verdict(folder, restoredEqual);
  }

  async #makeSample(): Promise<void> {
    const file = async (name: string, content: string | Buffer): Promise<void> => {
      const path = join(this.#folder, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, content);
    };
    await file('Letters/to-grandmother.txt', 'Dear grandmother,\nthe roses are in bloom.\n');
    await file('Letters/to-the-bank.txt', 'Dear Sir or Madam,\n');
    for (let number = 1; number <= 40; number++) {
      const name = `Pictures/2026/picture-${String(number).padStart(2, '0')}.raw`;
      await file(name, randomBytes(20_000 + number * 900));
    }
    await file(
      'accounts.csv',
      Array.from({ length: 4000 }, (_one, row) => `${row};${(row * 17) % 991};paid`).join('\n'),
    );
    this.#say('Made a sample folder with letters, pictures and accounts.');
  }

  async #addDestinations(cloudLocation: string): Promise<readonly Destination[]> {
    await this.#app.call('setup.setPassphrase', { passphrase: PASSPHRASE });
    const disk = await this.#app.call('destinations.add', {
      name: 'Disk',
      location: join(this.#scratch, 'disk', 'Triplicate'),
      kind: 'external',
    });
    const cloud = await this.#app.call('destinations.add', { name: 'Cloud (stand-in)', location: cloudLocation });
    this.#say('Two destinations: a folder that plays a disk, and a WebDAV server on this machine that plays a cloud.');
    return [disk, cloud];
  }

  async #changeThings(): Promise<Buffer> {
    const letter = join(this.#folder, 'Letters', 'to-grandmother.txt');
    await writeFile(letter, 'Dear grandmother,\nthe roses are in bloom, and the cat sends her regards.\n');
    await rename(
      join(this.#folder, 'Letters', 'to-the-bank.txt'),
      join(this.#folder, 'Letters', 'to-the-bank (sent).txt'),
    );
    this.#say('Changed one letter, renamed another.');
    return readFile(letter);
  }

  async #backUp(folder: Folder, title: string): Promise<void> {
    const { runs } = await this.#app.call('runs.backup', { folderIds: [folder.id] });
    for (const { id } of runs) {
      const run = await waitForRun(this.#app, id, () => undefined, this.#signal);
      if (run.state !== 'done')
        throw new TriplicateError(
          'restore/incomplete',
          `${run.title}: ${run.error?.message ?? run.report?.summary ?? run.state}`,
        );
      this.#say(`${title}: ${run.title.replace(/^Back up .* to /, 'to ')}. ${run.report?.summary ?? ''}`);
    }
  }

  async #findAndRestore(folder: Folder, original: Buffer): Promise<boolean> {
    const { hits } = await this.#app.call('history.search', { text: 'grandmother', deletedOnly: true });
    const [hit] = hits;
    if (!hit) throw new TriplicateError('path/not-found', 'The deleted letter was not found.');
    this.#say(`Searched "grandmother" among deleted files: found ${hit.path} with ${hit.versions} versions.`);
    const plan = await this.#app.call('restore.plan', {
      folderId: folder.id,
      momentId: hit.momentId,
      keys: [hit.key],
      target: { kind: 'original' },
      existing: 'skip',
    });
    this.#say(`Plan: ${plan.create} new, ${plan.replace} replaced, from ${plan.from.name}.`);
    const started = await this.#app.call('restore.start', { planId: plan.planId });
    const run = await waitForRun(this.#app, started.id, () => undefined, this.#signal);
    const restored = await readFile(join(this.#folder, hit.path)).catch(() => Buffer.alloc(0));
    const equal = run.state === 'done' && restored.equals(original);
    if (!equal) throw new TriplicateError('restore/incomplete', 'The restored letter is not what it was.');
    this.#say(`Restored it: ${size(restored.length)}, equal byte for byte to the last version before the deletion.`);
    await this.#backUp(folder, 'And back under protection');
    return equal;
  }

  async #check({ id, name }: Destination): Promise<void> {
    const started = await this.#app.call('runs.check', { destinationId: id, readData: true });
    const run = await waitForRun(this.#app, started.id, () => undefined, this.#signal);
    if (run.state !== 'done') throw new TriplicateError('repo/damaged', `${name}: ${run.error?.message ?? run.state}`);
    this.#say(`Checked ${name}: ${run.report?.summary ?? ''}`);
  }

  async #verdict(folder: Folder, restoredEqual: boolean): Promise<DemoResult> {
    const now = (await this.#app.call('folders.list', {})).find(({ id }) => id === folder.id) ?? folder;
    this.#say('');
    for (const line of describeFolder(now, [])) this.#say(line);
    const seconds = Math.round((performance.now() - this.#started) / 100) / 10;
    this.#say(`\n${now.rule.copies.have} copies, in ${seconds} seconds. Any restic opens these repositories.`);
    return { copies: now.rule.copies.have, satisfied: now.rule.satisfied, restoredEqual, seconds };
  }

  #say(line: string): void {
    if (this.#output === 'text') process.stdout.write(`${line}\n`);
  }
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    const waiting = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(waiting);
      resolve();
    });
  });
}
