import { Button, Group, Stack } from '@mantine/core';
import { createContext, type ReactNode, use, useCallback, useState } from 'react';
import { Dialog } from './dialog.tsx';

interface Question {
  readonly title: string;
  readonly text: ReactNode;
  readonly yes: string;
  /** `danger` paints the button red: something stops or goes away. */
  readonly tone?: 'danger' | 'calm';
}

type Ask = (question: Question) => Promise<'yes' | 'no'>;

const AskContext = createContext<Ask | null>(null);

/** Asks before anything that stops, removes or rewrites. */
export function useAsk(): Ask {
  const ask = use(AskContext);
  if (ask === null) throw new Error('useAsk needs an AskProvider above it.');
  return ask;
}

export function AskProvider({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState<{ question: Question; answer: (answer: 'yes' | 'no') => void } | null>(null);
  const ask = useCallback<Ask>((question) => new Promise((resolve) => setOpen({ question, answer: resolve })), []);
  const close = (answer: 'yes' | 'no') => {
    open?.answer(answer);
    setOpen(null);
  };
  return (
    <AskContext value={ask}>
      {children}
      <Dialog opened={open !== null} onClose={() => close('no')} title={open?.question.title} size="md">
        <Stack gap="lg">
          <div>{open?.question.text}</div>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => close('no')} data-autofocus>
              Cancel
            </Button>
            <Button color={open?.question.tone === 'danger' ? 'brick' : 'pine'} onClick={() => close('yes')}>
              {open?.question.yes}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </AskContext>
  );
}
