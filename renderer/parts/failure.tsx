import { Button } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { ContractError } from '../../main/api/contract/values.ts';
import { errorWords } from '../client.ts';
import classes from './failure.module.css';

interface FailureProps {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  /** `warn` for what is no fault: a disk in a drawer. */
  readonly tone?: 'error' | 'warn';
  readonly children?: ReactNode;
}

/** What went wrong, what is safe, what to do next. */
export function Failure({ error, onRetry, tone = 'error', children }: FailureProps) {
  const words = isWire(error) ? error : errorWords(error);
  return (
    <div className={classes.failure} data-tone={tone} role={tone === 'warn' ? 'status' : 'alert'}>
      <IconAlertTriangle size={20} stroke={1.8} aria-hidden className={classes.icon} />
      <div className={classes.words}>
        <p className={classes.message}>{words.message}</p>
        {words.hint !== '' && <p className={classes.hint}>{withCode(words.hint)}</p>}
        {(onRetry !== undefined || Boolean(children)) && (
          <div className={classes.actions}>
            {onRetry !== undefined && (
              <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
                Try again
              </Button>
            )}
            {children}
          </div>
        )}
      </div>
    </div>
  );
}

/** A quiet box for something worth knowing before going on. */
export function Note({ tone = 'rest', children }: { readonly tone?: 'rest' | 'warn'; readonly children: ReactNode }) {
  return (
    <div className={classes.note} data-tone={tone}>
      {children}
    </div>
  );
}

/** Hints name commands between backticks. */
function withCode(text: string): ReactNode {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part));
}

function isWire(error: unknown): error is ContractError {
  return typeof error === 'object' && error !== null && !(error instanceof Error) && 'hint' in error;
}
