import type { Envelope, Input, MethodName, Output } from '../../api/contract/contract.ts';
import type { Run } from '../../api/contract/runs.ts';
import { createApi } from '../../api/dispatch.ts';
import { createApp } from '../../app/compose.ts';
import { nodePorts } from '../../app/node-ports.ts';
import { claimStateFolder, findRunning } from '../../app/single-instance.ts';
import { fromWire, TriplicateError, type WireError } from '../../engine/errors.ts';

/** The app, wherever it lives: the one that runs already, or one made for this command. */
export interface Connection {
  /** @throws the app's error */
  call<Name extends MethodName>(method: Name, input: Input<Name>): Promise<Output<Name>>;
  /**
   * Resolves when the history knows what these runs did; the app that runs sees to that by itself. A catalog that cannot be
   * brought up to date stays behind, and the next command tries again.
   */
  settle(runs: readonly Run[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Connects to the app that uses this state folder, else composes one that lives for this command. */
export async function connect(home: string): Promise<Connection> {
  const running = await findRunning(home);
  if (running) {
    const { address, token } = running;
    if (address === null || token === null) {
      throw new TriplicateError('app/already-running', 'Triplicate is running, but cannot be asked from here yet.', {
        hint: 'Try again in a moment, or use its window.',
      });
    }
    return {
      call: (method, input) => callOver(address, token, method, input),
      settle: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  const claim = await claimStateFolder(home);
  try {
    const app = await createApp(nodePorts(home), { home, life: 'once' });
    const api = createApi(app);
    return {
      call: async (method, input) => opened(await api.call(method, input)),
      settle: async (runs, signal) => {
        const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        if (!signal.aborted) await Promise.race([app.history.settle(runs), interrupted]);
      },
      close: async () => {
        await app.close();
        await claim.release();
      },
    };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

/** Waits for a run to end, telling how it goes. A signal cancels the run and waits for its end. */
export async function waitForRun(
  connection: Connection,
  id: Run['id'],
  tell: (run: Run) => void,
  signal: AbortSignal,
): Promise<Run> {
  let asked = false;
  for (;;) {
    if (signal.aborted && !asked) {
      asked = true;
      await connection.call('runs.cancel', { id });
    }
    const run = await connection.call('runs.get', { id });
    tell(run);
    if (run.endedAt !== null) return run;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** A fresh address with a one-time token, from the app that runs. */
export async function ticketAddress(home: string): Promise<string | undefined> {
  const running = await findRunning(home);
  if (!running?.address || !running.token) return undefined;
  const answer = opened<{ readonly address: string }>(await post(running.address, running.token, '/ticket', {}));
  return answer.address;
}

async function callOver<Name extends MethodName>(
  address: string,
  token: string,
  method: Name,
  input: Input<Name>,
): Promise<Output<Name>> {
  return opened<Output<Name>>(await post(address, token, `/api/${method}`, input));
}

async function post(address: string, token: string, path: string, body: unknown): Promise<Envelope<unknown>> {
  const response = await fetch(`${address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw new TriplicateError('app/already-running', 'The Triplicate that runs does not answer.', {
      hint: 'End it and try again.',
      cause: error,
    });
  });
  return (await response.json()) as Envelope<unknown>;
}

function opened<T>(envelope: Envelope<unknown>): T {
  if (envelope.ok) return envelope.value as T; // the app validated it
  throw fromWire(envelope.error as WireError);
}
