/**
 * The fields of `now` that differ from `before`. A form sends only these: what it did not touch may have been changed by
 * another window since it was opened, and must not be put back.
 */
export function changed<Fields extends object>(before: NoInfer<Fields>, now: Fields): Partial<Fields> {
  const differs = ([key, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(before[key as keyof Fields]);
  return Object.fromEntries(Object.entries(now).filter(differs)) as Partial<Fields>;
}
