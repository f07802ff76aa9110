import type { Environment } from './environment.ts';
import type { RemoteControl } from './remote-control.ts';

/** What is configured for a remote, by rclone's names of the options; secrets may be among them. */
export type RemoteSettings = Readonly<Record<string, unknown>>;

/**
 * The settings of the remote in `remote:path`: from rclone's configuration, and from the environment, which comes first, as for
 * rclone itself. Of a place that is a connection string its type only.
 */
export async function remoteSettings(
  control: Pick<RemoteControl, 'call'>,
  environment: Environment,
  remote: string,
  signal?: AbortSignal,
): Promise<RemoteSettings> {
  const inline = /^:([^,:]+)[,:]/.exec(remote)?.[1];
  if (inline !== undefined) return { type: inline };
  const [, name, next] = /^([^:/,]+)([,:])/.exec(remote) ?? [];
  if (name === undefined) return { type: 'local' };
  const answer = await control.call('config/get', { name }, signal);
  const settings: RemoteSettings = {
    ...(answer.ok ? answer.value : {}),
    ...settingsFromEnvironment(environment, name),
  };
  return next === ',' ? { type: settings.type } : settings;
}

/** rclone's `RCLONE_CONFIG_<REMOTE>_<OPTION>`, which its own answer leaves out. */
function settingsFromEnvironment(environment: Environment, name: string): RemoteSettings {
  const prefix = `RCLONE_CONFIG_${name.toUpperCase()}_`;
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([variable]) => variable.startsWith(prefix))
      .map(([variable, value]) => [variable.slice(prefix.length).toLowerCase(), value]),
  );
}
