import { SegmentedControl } from '@mantine/core';
import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import type { TimelineMoment } from '../../main/api/contract/history.ts';
import { ago, exactTime, plural, shortTime } from '../parts/format.ts';
import { useNow } from '../parts/now.ts';
import classes from './timeline.module.css';
import { bars, changeCount, nearest, position, type Range, spanOf, startRange, step } from './timeline-maths.ts';

interface TimelineProps {
  readonly moments: readonly TimelineMoment[];
  readonly chosen: TimelineMoment;
  readonly onChoose: (moment: TimelineMoment) => void;
}

const RANGES = [
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'month', label: 'Month' },
  { value: 'year', label: 'Year' },
  { value: 'all', label: 'All' },
];

const BARS = 96;

/** Where in time one stands: bars show how much changed; drag, click or use the arrow keys to move. */
export function Timeline({ moments, chosen, onChoose }: TimelineProps) {
  const now = useNow();
  const [range, setRange] = useState<Range>(() => startRange(moments, now));
  const span = spanOf(moments, range, now);
  const place = position(chosen, span);

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const found = nearest(moments, span, (event.clientX - box.left) / box.width);
    if (found !== undefined && found.id !== chosen.id) onChoose(found);
  };
  const press = (event: KeyboardEvent) => {
    const steps = STEP_KEYS[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    onChoose(step(moments, chosen, steps));
  };

  return (
    <section className={classes.timeline} aria-label="Timeline">
      <div className={classes.head}>
        <p className={classes.now}>
          <strong>{shortTime(chosen.time)}</strong>
          <span className={classes.detail}>
            {ago(chosen.time, now)} · {changesWords(chosen)}
          </span>
        </p>
        <SegmentedControl
          size="xs"
          aria-label="Stretch of time"
          data={RANGES}
          value={range}
          onChange={(value) => setRange(value as Range)}
        />
      </div>
      <div
        className={classes.track}
        role="slider"
        tabIndex={0}
        aria-label="Moment"
        aria-valuemin={1}
        aria-valuemax={moments.length}
        aria-valuenow={moments.length - moments.indexOf(chosen)}
        aria-valuetext={`${exactTime(chosen.time)}, ${changesWords(chosen)}`}
        onKeyDown={press}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          point(event);
        }}
        onPointerMove={(event) => {
          if (event.buttons === 1) point(event);
        }}
      >
        <svg className={classes.bars} viewBox={`0 0 ${BARS * 4} 40`} preserveAspectRatio="none" aria-hidden="true">
          {bars(moments, span, BARS).map((bar) =>
            bar.changes === 0 ? null : (
              <rect
                key={bar.start}
                x={bar.start * BARS * 4 + 0.5}
                width={3}
                y={40 - Math.max(4, bar.height * 40)}
                height={Math.max(4, bar.height * 40)}
                className={classes.bar}
                data-past={bar.start > place || undefined}
              />
            ),
          )}
        </svg>
        {place >= 0 && place <= 1 && <span className={classes.marker} style={{ left: `${place * 100}%` }} />}
      </div>
      <div className={classes.ends} aria-hidden="true">
        <span>{shortTime(new Date(span.from).toISOString())}</span>
        <span>Now</span>
      </div>
    </section>
  );
}

/** Moments to go for each key: newer is positive. */
const STEP_KEYS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
  End: Number.POSITIVE_INFINITY,
  Home: Number.NEGATIVE_INFINITY,
};

function changesWords(moment: TimelineMoment): string {
  return changeCount(moment) === 0 ? 'no changes' : plural(changeCount(moment), 'change');
}
