import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { Sheets } from '../parts/sheets.tsx';
import classes from './full-pages.module.css';

interface GuardProps {
  /** A fault of one screen is over when the person goes to another. */
  readonly place: string;
  readonly children: ReactNode;
}

interface GuardState {
  readonly broken: 'yes' | 'no';
}

/** Keeps a screen that cannot be drawn from taking the whole window along. */
export class Guard extends Component<GuardProps, GuardState> {
  override state: GuardState = { broken: 'no' };

  static getDerivedStateFromError(): GuardState {
    return { broken: 'yes' };
  }

  override componentDidUpdate({ place }: GuardProps): void {
    if (place !== this.props.place && this.state.broken === 'yes') this.setState({ broken: 'no' });
  }

  override render(): ReactNode {
    if (this.state.broken === 'no') return this.props.children;
    return (
      <section className={classes.full} role="alert">
        <Sheets have={0} need={3} size={96} />
        <h1 className={classes.title}>This screen cannot be shown</h1>
        <p className={classes.text}>Something unexpected happened in this window. Your backups go on without it.</p>
        <Button onClick={() => window.location.reload()}>Load it again</Button>
      </section>
    );
  }
}
