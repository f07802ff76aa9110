import { Button } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import classes from './guide.module.css';

interface StepFrameProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children?: ReactNode;
  readonly onBack?: () => void;
  readonly onNext: () => void;
  readonly next?: string;
  readonly ready?: 'ready' | 'not-ready';
  readonly busy?: 'busy' | 'idle';
  /** `plain` when the step has a form of its own inside. */
  readonly frame?: 'form' | 'plain';
  /** A quieter way on, for example to skip. */
  readonly aside?: ReactNode;
}

/** The frame of each step: title, what it is about, Back and Continue. Enter continues. */
export function StepFrame({
  title,
  lead,
  children,
  onBack,
  onNext,
  next = 'Continue',
  ready = 'ready',
  busy = 'idle',
  aside,
  frame = 'form',
}: StepFrameProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready === 'ready') onNext();
  };
  const content = (
    <>
      <div className={classes.content}>
        <div className={classes.column}>
          <h1 ref={heading} tabIndex={-1} className={classes.title} style={{ outline: 'none' }}>
            {title}
          </h1>
          {lead !== undefined && <p className={classes.lead}>{lead}</p>}
          {children}
        </div>
      </div>
      <div className={classes.foot}>
        {onBack === undefined ? (
          <span />
        ) : (
          <Button variant="default" size="md" onClick={onBack}>
            Back
          </Button>
        )}
        <div style={{ display: 'flex', gap: 8 }}>
          {aside}
          <Button
            type={frame === 'form' ? 'submit' : 'button'}
            onClick={frame === 'plain' ? onNext : undefined}
            size="md"
            disabled={ready === 'not-ready'}
            loading={busy === 'busy'}
          >
            {next}
          </Button>
        </div>
      </div>
    </>
  );
  if (frame === 'plain') return content;
  return (
    <form onSubmit={submit} style={{ display: 'contents' }}>
      {content}
    </form>
  );
}
