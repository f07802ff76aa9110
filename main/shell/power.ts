import { powerMonitor, powerSaveBlocker } from 'electron';

export interface PowerEvents {
  /** The machine woke up: watchers may have missed anything, and destinations may be back. */
  resumed(): void;
  changed(source: 'battery' | 'mains'): void;
}

/** What power the machine runs on. */
export function powerSource(): 'battery' | 'mains' {
  return powerMonitor.isOnBatteryPower() ? 'battery' : 'mains';
}

/** Reports power changes. Linux has no event for them, so it is asked once a minute. Returns the function that stops it. */
export function watchPower(events: PowerEvents): () => void {
  let known = powerSource();
  const look = (): void => {
    const now = powerSource();
    if (now !== known) {
      known = now;
      events.changed(now);
    }
  };
  const timer = setInterval(look, 60_000);
  timer.unref();
  powerMonitor.on('resume', events.resumed);
  powerMonitor.on('on-ac', look);
  powerMonitor.on('on-battery', look);
  return () => {
    clearInterval(timer);
    powerMonitor.off('resume', events.resumed);
    powerMonitor.off('on-ac', look);
    powerMonitor.off('on-battery', look);
  };
}

/** Keeps the machine awake while something runs; the display may sleep. */
export function createSleepBlocker(): (wish: 'awake' | 'may-sleep') => void {
  let id: number | undefined;
  return (wish) => {
    if (wish === 'awake' && id === undefined) id = powerSaveBlocker.start('prevent-app-suspension');
    if (wish === 'may-sleep' && id !== undefined) {
      powerSaveBlocker.stop(id);
      id = undefined;
    }
  };
}
