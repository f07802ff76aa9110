import { TriplicateError } from '../engine/errors.ts';
import { rcloneError } from './rclone-errors.ts';
import type { RemoteControl } from './remote-control.ts';
import { holdControl } from './shared-control.ts';

/** A remote that the user has configured with rclone. */
export interface Remote {
  readonly name: string;
  /** rclone's word for the backend: `drive`, `sftp`, `s3`, … */
  readonly type: string;
}

/** The remotes in rclone's configuration, by name. Their options, secrets among them, are not given. */
export function listRemotes(variables: NodeJS.ProcessEnv = process.env): Promise<readonly Remote[]> {
  return withControl(variables, async (control) => {
    const { remotes } = await ask(control, 'config/listremotes', {});
    const names = Array.isArray(remotes) ? remotes.filter((name) => typeof name === 'string') : [];
    const typed = names.map(async (name) => {
      const { type } = await ask(control, 'config/get', { name });
      return { name, type: typeof type === 'string' ? type : 'unknown' };
    });
    return (await Promise.all(typed)).sort((a, b) => a.name.localeCompare(b.name));
  });
}

/**
 * The names of the folders at a path of a remote, sorted. @throws `path/not-found`, `store/unreachable`, `store/denied` and
 * what else the remote says
 */
export function listRemoteFolders(
  remote: string,
  path: string,
  signal?: AbortSignal,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<readonly string[]> {
  return withControl(variables, async (control) => {
    const opt = { dirsOnly: true, noModTime: true, noMimeType: true };
    const answer = await control.call('operations/list', { fs: `${remote}:`, remote: path, opt }, signal);
    if (!answer.ok && answer.failure.status === 404) {
      throw new TriplicateError('path/not-found', `There is no folder ${path} at ${remote}.`, {
        hint: 'Go one folder up, or make a new one.',
      });
    }
    if (!answer.ok) throw rcloneError(remote, answer.failure.text);
    const { list } = answer.value;
    if (!Array.isArray(list)) throw rcloneError(remote, 'the list of folders cannot be read');
    const names = list.flatMap((entry: unknown) =>
      typeof entry === 'object' && entry !== null && 'Name' in entry && typeof entry.Name === 'string'
        ? [entry.Name]
        : [],
    );
    return names.sort((a, b) => a.localeCompare(b, undefined, { numeric: true, sensitivity: 'base' }));
  });
}

/** The version of the rclone that will be used, such as `v1.60.1`. @throws `rclone/not-installed` */
export function rcloneVersion(variables: NodeJS.ProcessEnv = process.env): Promise<string> {
  return withControl(variables, (control) => control.version());
}

async function withControl<T>(variables: NodeJS.ProcessEnv, work: (control: RemoteControl) => Promise<T>): Promise<T> {
  const { control, release } = await holdControl(variables);
  try {
    return await work(control);
  } finally {
    await release();
  }
}

async function ask(control: RemoteControl, method: string, parameters: object): Promise<Record<string, unknown>> {
  const answer = await control.call(method, parameters);
  if (answer.ok) return { ...answer.value };
  // An encrypted configuration whose password rclone was not given reads as a failure of every call.
  if (/password|decrypt/i.test(answer.failure.text)) {
    throw new TriplicateError('rclone/failed', 'The rclone configuration is locked with a password.', {
      hint: 'Set RCLONE_CONFIG_PASS or RCLONE_PASSWORD_COMMAND before starting Triplicate.',
    });
  }
  throw rcloneError('rclone', answer.failure.text);
}
