import { fromWire, hasCode, type TriplicateError, toWire } from '../engine/errors.ts';

/** How a command ended; design section 9 fixes the numbers. */
export const EXIT = { done: 0, failed: 1, usage: 2, partial: 3, cancelled: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Prints an error for a person (or as one JSON document), never a stack, and gives the exit code for it. */
export function reportFailure(error: unknown, form: 'text' | 'json'): ExitCode {
  const wire = toWire(error);
  if (form === 'json') process.stdout.write(`${JSON.stringify({ error: wire })}\n`);
  else process.stderr.write(`${describeFailure(fromWire(wire))}\n`);
  if (hasCode(wire, 'cancelled')) return EXIT.cancelled;
  return hasCode(wire, 'usage') ? EXIT.usage : EXIT.failed;
}

function describeFailure(error: TriplicateError): string {
  return error.code === 'cancelled' ? error.message : `${error.message}\n${error.hint}`;
}

/** A signal that fires on Ctrl-C or a polite kill; the second one ends the process at once. */
export function cancelOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.cancelled);
      controller.abort();
    });
  }
  return controller.signal;
}
