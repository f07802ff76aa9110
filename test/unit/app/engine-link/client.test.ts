import { expect, it } from 'vitest';
import type { FromEngine, ToEngine } from '../../../../main/app/engine-link/calls.ts';
import { EngineClient } from '../../../../main/app/engine-link/client.ts';
import type { ProcessLink } from '../../../../main/app/ports.ts';

/** A process of the engine that notes what it is asked, answers at once, and ends when it is told to. */
function fakeProcess() {
  const asked: ToEngine[] = [];
  let answer: (message: FromEngine) => void = () => undefined;
  let exit: (code: number | null) => void = () => undefined;
  const link: ProcessLink = {
    post: (message) => {
      const given = message as ToEngine;
      asked.push(given);
      if (given.kind === 'call') answer({ kind: 'done', id: given.id, value: null });
    },
    onMessage: (listener) => {
      answer = listener;
    },
    onExit: (listener) => {
      exit = listener;
    },
    stop: async () => undefined,
  };
  return { link, names: () => asked.map((one) => (one.kind === 'call' ? one.name : one.kind)), die: () => exit(null) };
}

it('a process that takes the place of one that died keeps to the limits of that one', async () => {
  const processes = [fakeProcess(), fakeProcess()] as const;
  let started = 0;
  const client = new EngineClient(() => (processes[started++] as (typeof processes)[number]).link);
  await client.call('limits', { uploadKiBps: 100, downloadKiBps: 0 });
  processes[0].die();
  await client.call('remotes', {});
  expect(processes[1].names()).toEqual(['limits', 'remotes']);
});
