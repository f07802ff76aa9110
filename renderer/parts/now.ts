import { createContext, createElement, type ReactNode, use, useEffect, useState } from 'react';

const NowContext = createContext<number | null>(null);

/** One clock for the whole page: relative times move on together, every 20 seconds. */
export function NowProvider({ children }: { readonly children: ReactNode }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20_000);
    return () => clearInterval(timer);
  }, []);
  return createElement(NowContext, { value: now }, children);
}

/** The present moment in milliseconds, fresh enough for `4 minutes ago`. */
export function useNow(): number {
  return use(NowContext) ?? Date.now();
}
