import classes from './sheets.module.css';

interface SheetsProps {
  readonly have: number;
  readonly need: number;
  readonly size?: number;
  readonly tone?: 'good' | 'warn' | 'danger' | 'busy';
}

/** The mark of the product: one sheet a proven copy, an empty outline for each that is missing. Bottom sheet first. */
export function Sheets({ have, need, size = 88, tone = 'good' }: SheetsProps) {
  const total = Math.max(need, 1);
  const shown = Math.min(have, total);
  const step = 17;
  const height = 40 + (total - 1) * step + 4;
  return (
    <svg
      className={classes.sheets}
      data-tone={tone}
      width={size}
      height={(size * height) / 88}
      viewBox={`0 0 88 ${height}`}
      role="img"
      aria-label={`${have} of ${need} copies proven`}
    >
      {Array.from({ length: total }, (_, index) => {
        const top = (total - 1 - index) * step + 2;
        return (
          <path
            key={top}
            className={classes.sheet}
            data-filled={index < shown || undefined}
            // The highest sheet that is there carries the full colour.
            style={{ '--depth': (total - shown + index) / Math.max(1, total - 1) }}
            d={`M44 ${top} L83 ${top + 19} Q85 ${top + 20} 83 ${top + 21} L46 ${top + 39} Q44 ${top + 40} 42 ${top + 39} L5 ${top + 21} Q3 ${top + 20} 5 ${top + 19} L42 ${top + 1} Q44 ${top} 46 ${top + 1}Z`}
          />
        );
      })}
    </svg>
  );
}
