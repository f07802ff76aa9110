import { NumberInput } from '@mantine/core';
import { useState } from 'react';

interface AmountProps {
  readonly label: string;
  readonly suffix: string;
  readonly min: number;
  readonly max?: number;
  /** The number as the app keeps it. */
  readonly kept: number;
  readonly onKeep: (value: number) => Promise<unknown>;
}

/**
 * A number that is kept when its field is left. The field shows what the app keeps except while something is typed: one that
 * was only passed through must not write back what another window has changed, and one that was refused must not seem kept.
 */
export function Amount({ label, suffix, min, max = Number.MAX_SAFE_INTEGER, kept, onKeep }: AmountProps) {
  const shown = Math.round(kept * 100) / 100;
  const [typed, setTyped] = useState<number | string | null>(null);
  const leave = () => {
    if (typed === null) return;
    const value = Math.min(max, Math.max(min, Number(typed)));
    if (typed === '' || !Number.isFinite(value) || value === shown) return setTyped(null);
    setTyped(value);
    // A refusal was told already; the field then says again what is kept.
    onKeep(value)
      .catch(() => undefined)
      .finally(() => setTyped(null));
  };
  return (
    <NumberInput
      aria-label={label}
      suffix={suffix}
      min={min}
      max={max}
      decimalScale={2}
      allowNegative={false}
      clampBehavior="none"
      w={150}
      value={typed ?? shown}
      onChange={setTyped}
      onBlur={leave}
      onKeyDown={({ key }) => key === 'Enter' && leave()}
    />
  );
}
