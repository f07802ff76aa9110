import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Stock restic as the judge of the format: a repository is good when this program says so. */
export interface Restic {
  /** Runs any restic command on the repository; throws with restic's own words when it fails. */
  run(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }>;
  init(): Promise<void>;
  /** Gives the summary line of `backup --json` (`snapshot_id`, `data_added`, `files_new`, …). */
  backup(paths: readonly string[], ...args: readonly string[]): Promise<ResticSummary>;
  /** Passes when restic finds no errors; `--read-data` reads every pack. */
  check(...args: readonly string[]): Promise<void>;
  restore(snapshot: string, target: string, ...args: readonly string[]): Promise<void>;
  snapshots(...args: readonly string[]): Promise<readonly ResticSnapshot[]>;
}

export interface ResticSummary {
  readonly snapshot_id: string;
  readonly files_new: number;
  readonly files_changed: number;
  readonly files_unmodified: number;
  readonly data_blobs: number;
  readonly tree_blobs: number;
  readonly data_added: number;
}

export interface ResticSnapshot {
  readonly id: string;
  readonly time: string;
  readonly tree: string;
  readonly parent?: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly tags?: readonly string[];
}

export interface ResticOptions {
  /** `/path`, `rclone:remote:path` or `rest:http://…`, as restic writes it. */
  readonly repository: string;
  readonly passphrase: string;
  /** A folder of the test; restic's cache lies in it, never in the user's home. */
  readonly scratch: string;
  /** Further variables, such as `RCLONE_CONFIG`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where relative paths begin. */
  readonly cwd?: string;
}

/** restic on one repository, with a cache of its own. */
export function restic(options: ResticOptions): Restic {
  const cache = join(options.scratch, 'restic-cache');
  const run = async (...args: readonly string[]) => {
    await mkdir(cache, { recursive: true });
    const { stdout, stderr } = await execa('restic', ['--repo', options.repository, '--cache-dir', cache, ...args], {
      env: { RESTIC_PASSWORD: options.passphrase, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: 'ignore',
    });
    return { stdout, stderr };
  };
  return {
    run,
    async init() {
      await run('init');
    },
    async backup(paths, ...args) {
      const { stdout } = await run('backup', '--json', ...args, ...paths);
      const summary = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { message_type: string })
        .find((message) => message.message_type === 'summary');
      if (summary === undefined) throw new Error(`restic gave no summary:\n${stdout}`);
      return summary as unknown as ResticSummary;
    },
    async check(...args) {
      const { stdout } = await run('check', ...args);
      if (!stdout.includes('no errors were found')) throw new Error(`restic check did not pass:\n${stdout}`);
    },
    async restore(snapshot, target, ...args) {
      await run('restore', snapshot, '--target', target, ...args);
    },
    async snapshots(...args) {
      return JSON.parse((await run('snapshots', '--json', ...args)).stdout) ?? [];
    },
  };
}
