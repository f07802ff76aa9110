import { type Core, isoNow, placeOf, updatePlace } from './core.ts';
import type { DestinationRecord, PlaceRecord } from './records.ts';

/** More are not told apart: the oldest two become one. */
const MOST = 100;

type Absences = PlaceRecord['absences'];

/** Notes that a destination gets nothing since `since` (milliseconds), unless that is noted already. */
export function noteAbsence(core: Core, { id }: DestinationRecord, since: number): void {
  if (isAway(placeOf(core.ledger.value, id)?.absences ?? [])) return;
  const from = new Date(since).toISOString();
  write(core, id, (place) => ({ absences: bounded([...place.absences, { from, to: null }]) }));
}

/** Notes that it is there again. What was told to stop may begin anew with what was missed since. */
export function noteReturn(core: Core, { id }: DestinationRecord): void {
  if (!isAway(placeOf(core.ledger.value, id)?.absences ?? [])) return;
  const to = isoNow(core);
  write(core, id, ({ absences, catchingUp }) => ({
    absences: absences.map((one) => (one.to === null ? { ...one, to } : one)),
    catchingUp: catchingUp === 'stopped' ? 'no' : catchingUp,
  }));
}

function isAway(absences: Absences): boolean {
  return absences.at(-1)?.to === null;
}

function bounded(absences: Absences): Absences {
  const [first, second, ...rest] = absences;
  if (absences.length <= MOST || !first || !second) return absences;
  return [{ from: first.from, to: second.to }, ...rest];
}

function write(core: Core, id: DestinationRecord['id'], change: Parameters<typeof updatePlace>[2]): void {
  updatePlace(core, id, change).catch((error) =>
    core.log.error({ err: error }, 'an absence could not be written down'),
  );
}
