import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProcessLink } from './ports.ts';

/** How long a process may take to end by itself. */
const PATIENCE_MS = 8000;

/** The collector works often on little: 100 MB less for a backup of 200,000 files, and no more time. */
const SMALL_HEAP = ['--max-semi-space-size=4', '--heap-growing-percent=40'];

/** Starts an entry file as a forked Node: for the hosts that run in plain Node. */
export function startNodeProcess(entry: URL, label: string): ProcessLink {
  const child = fork(fileURLToPath(entry), [], {
    serialization: 'advanced', // bytes and big integers travel as they are
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', ...SMALL_HEAP, `--title=triplicate-${label}`],
    env: withoutSecrets(process.env),
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    post: (message) => {
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => {
      child.once('exit', (code) => listener(code));
      child.once('error', () => listener(null));
    },
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The passphrase travels by message only. */
function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TRIPLICATE_PASSPHRASE: _phrase, TRIPLICATE_PASSWORD: _password, ...rest } = environment;
  return rest;
}
