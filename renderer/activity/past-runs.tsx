import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Run } from '../../main/api/contract/runs.ts';
import { useNow } from '../parts/now.ts';
import classes from './activity.module.css';
import { isDay, type Row, withDays } from './day-rows.ts';
import { RunRow } from './run-row.tsx';

interface PastRunsProps {
  readonly runs: readonly Run[];
  readonly state: 'loading' | 'more' | 'complete';
  readonly onNearEnd: () => void;
}

const FIRST_DAY_HEIGHT = 32;
const DAY_HEIGHT = 52;
const RUN_HEIGHT = 61;
/** Rows that one press of Page Up or Page Down moves. */
const PAGE_KEYS = 8;
/** Older runs are asked for while so many loaded ones are still below. */
const AHEAD = 40;

/** Runs that ended, under their days. Only what is near the window is drawn, so that thousands scroll like ten. */
export function PastRuns({ runs, state, onNearEnd }: PastRunsProps) {
  const now = useNow();
  const rows = useMemo(() => withDays(runs, now), [runs, now]);
  const list = useRef<HTMLUListElement>(null);
  const [above, setAbove] = useState(0);
  const [activeId, setActiveId] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const found = rows.findIndex((row) => 'run' in row && row.run.id === activeId);
  const active = found >= 0 ? found : 1;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: scrollerOfPage,
    estimateSize: (index) => (index === 0 ? FIRST_DAY_HEIGHT : isDay(rows[index]) ? DAY_HEIGHT : RUN_HEIGHT),
    getItemKey: (index) => keyOf(rows[index]) ?? index,
    // What has the focus stays, however far it is scrolled away: the next arrow key goes on from there.
    rangeExtractor: (range: Range) => [...new Set([...defaultRangeExtractor(range), active])].sort((a, b) => a - b),
    scrollMargin: above,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();

  useLayoutEffect(() => {
    const scroller = scrollerOfPage();
    if (list.current === null || scroller === null) return;
    const top = list.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
    if (Math.abs(top - above) > 1) setAbove(top);
  });
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const row = list.current?.querySelector<HTMLElement>(`[data-run="${wanted.current}"]`);
    wanted.current = null;
    row?.focus({ preventScroll: true });
  });
  const lastShown = items.findLast(({ index }) => index !== active)?.index ?? 0;
  const nearEnd = state === 'more' && lastShown >= rows.length - AHEAD;
  // The number of rows is named so that the next page is asked for when one was not enough.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above; the caller's function is new each time
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, rows.length]);

  const goTo = (index: number, step: 1 | -1) => {
    const bounded = Math.max(1, Math.min(rows.length - 1, index));
    const row = rows[isDay(rows[bounded]) ? bounded + step : bounded];
    if (row === undefined || isDay(row)) return;
    wanted.current = row.run.id;
    setActiveId(row.run.id);
    virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' });
  };
  const press = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, readonly [number, 1 | -1]>> = {
      ArrowDown: [active + 1, 1],
      ArrowUp: [active - 1, -1],
      PageDown: [active + PAGE_KEYS, 1],
      PageUp: [active - PAGE_KEYS, -1],
      Home: [1, 1],
      End: [rows.length - 1, -1],
    };
    const move = event.altKey || event.ctrlKey || event.metaKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    goTo(...move);
  };

  return (
    <ul
      ref={list}
      className={classes.past}
      style={{ height: virtual.getTotalSize() }}
      aria-label="Past runs"
      onKeyDown={press}
    >
      {items.map(({ index, key, start }) => {
        const row = rows[index];
        if (row === undefined) return null;
        const style = { transform: `translateY(${start - above}px)` };
        return isDay(row) ? (
          <li key={key} className={classes.dayRow} data-index={index} style={style}>
            <h2 className={classes.day}>{row.day}</h2>
          </li>
        ) : (
          <li key={key} className={classes.runRow} data-edge={row.edge} style={style}>
            <RunRow run={row.run} tab={index === active ? 'stop' : 'skip'} onFocus={() => setActiveId(row.run.id)} />
          </li>
        );
      })}
    </ul>
  );
}

/** The part of the window that scrolls (`shell/frame.tsx`). */
function scrollerOfPage(): HTMLElement | null {
  return document.getElementById('content');
}

function keyOf(row: Row | undefined): string | undefined {
  return row === undefined ? undefined : isDay(row) ? row.day : row.run.id;
}
