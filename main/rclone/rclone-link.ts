import { placeInArguments } from './place-in-arguments.ts';
import { ResticSession } from './restic-session.ts';
import { type ControlHold, holdControl } from './shared-control.ts';

/** The two processes that serve one remote; neither runs before it is needed or `begin` is called. */
export interface RcloneLink extends ControlHold {
  readonly session: ResticSession;
}

/** Links that were begun and that no store has taken yet, by their remote. */
const begun = new Map<string, Promise<RcloneLink>>();

/**
 * Starts both processes for a store that will be opened soon: they take as long to start as the program that will open it
 * takes to load. Resolves when they have been started. What goes wrong is met again, and told, by the store's first call.
 */
export async function beginLink(remote: string): Promise<void> {
  const link = makeLink(remote, process.env);
  begun.set(remote, link);
  await link.then(begin, () => undefined);
}

/** The link that was begun for this remote, or a new one. @throws `rclone/not-installed`, `store/bad-location` */
export async function takeLink(remote: string, variables: NodeJS.ProcessEnv = process.env): Promise<RcloneLink> {
  const waiting = variables === process.env ? begun.get(remote) : undefined;
  if (waiting) begun.delete(remote);
  return waiting ?? makeLink(remote, variables);
}

async function makeLink(remote: string, variables: NodeJS.ProcessEnv): Promise<RcloneLink> {
  // What is refused holds nothing.
  placeInArguments(remote);
  const hold = await holdControl(variables);
  const { binary, environment } = hold;
  return { ...hold, session: new ResticSession({ binary, environment, remote }) };
}

function begin({ session, control }: RcloneLink): void {
  control.begin();
  session.begin();
}
