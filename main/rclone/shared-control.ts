import { type Environment, rcloneEnvironment } from './environment.ts';
import { findRclone } from './find-rclone.ts';
import { RemoteControl } from './remote-control.ts';

/** A hold on the one control process that all remotes with the same rclone and environment share. */
export interface ControlHold {
  readonly binary: string;
  readonly environment: Environment;
  readonly control: RemoteControl;
  /** The last one to let go ends the process. */
  release(): Promise<void>;
}

const shared = new Map<string, { readonly control: RemoteControl; holders: number }>();

/** @throws `rclone/not-installed` */
export async function holdControl(variables: NodeJS.ProcessEnv = process.env): Promise<ControlHold> {
  const binary = await findRclone(variables);
  const environment = rcloneEnvironment(variables);
  const key = JSON.stringify([binary, environment]);
  const entry = shared.get(key) ?? { control: new RemoteControl(binary, environment), holders: 0 };
  shared.set(key, entry);
  entry.holders += 1;
  let held = true;
  const release = async () => {
    if (!held) return;
    held = false;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    shared.delete(key);
    await entry.control.close();
  };
  return { binary, environment, control: entry.control, release };
}
