import { powerMonitor, powerSaveBlocker } from 'electron';

/** What power the machine runs on. Linux has no event for changes, so whoever needs it asks. */
export function powerSource(): 'battery' | 'mains' {
  return powerMonitor.isOnBatteryPower() ? 'battery' : 'mains';
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
