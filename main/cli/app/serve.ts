import type { Command } from 'commander';
import { stateFolder } from '../../app/home-folder.ts';
import { hasCode } from '../../engine/errors.ts';
import { serveUntilSignal } from '../../headless.ts';
import { EXIT, reportFailure } from '../outcome.ts';
import { ticketAddress } from './connection.ts';

interface ServeWords {
  readonly port?: number;
  readonly host?: string;
  readonly browser: 'open' | 'leave';
}

/** Serves the interface until a signal; where it is served already, prints the address of that. */
export async function serveCommand(command: Command, words: ServeWords): Promise<void> {
  const { home, json } = command.optsWithGlobals<{ home?: string; json?: boolean }>();
  const output = json ? 'json' : 'text';
  const print = (line: string): void => {
    process.stdout.write(json ? `${JSON.stringify({ message: line })}\n` : `${line}\n`);
  };
  try {
    const { port, host, browser } = words;
    process.exitCode = await serveUntilSignal({ home, port, host, browser, print });
  } catch (error) {
    const address = hasCode(error, 'app/already-running')
      ? await ticketAddress(stateFolder(home)).catch(() => undefined)
      : undefined;
    if (address === undefined) process.exitCode = reportFailure(error, output);
    else {
      print(`Triplicate is running already: ${address}`);
      process.exitCode = EXIT.done;
    }
  }
}
