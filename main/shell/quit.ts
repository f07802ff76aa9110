import { app } from 'electron';
import type { Activity } from './activity.ts';
import type { QuitAnswer } from './dialogs.ts';

export interface QuitParts {
  activity(): Activity;
  ask(title: string): Promise<QuitAnswer>;
  /** Resolves once nothing runs. */
  whenIdle(): Promise<void>;
  /** Ends the app cleanly: cancels what runs, waits for it, closes processes. */
  close(): Promise<void>;
}

/** Quitting finishes or stops what runs, as the person chooses, and never leaves a process or a lock behind. */
export function quitCleanly(parts: QuitParts): { isQuitting(): boolean } {
  let state: 'open' | 'deciding' | 'closed' = 'open';
  app.on('before-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'deciding') return;
    state = 'deciding';
    void decide(parts).then((decision) => {
      state = decision === 'quit' ? 'closed' : 'open';
      if (decision === 'quit') app.quit();
    });
  });
  return { isQuitting: () => state === 'closed' };
}

async function decide({ activity, ask, whenIdle, close }: QuitParts): Promise<'quit' | 'stay'> {
  const [first] = activity().running;
  if (first) {
    const answer = await ask(first.title);
    if (answer === 'stay') return 'stay';
    if (answer === 'finish') await whenIdle();
  }
  await close();
  return 'quit';
}
