import type { RetentionPolicy } from '../../engine/engine.ts';
import type { RetentionRules } from './calls.ts';

/** A destination's rules as the engine knows them. The newest is always kept, whatever the rules say. */
export function policyOf(rules: RetentionRules): RetentionPolicy {
  const span = (days: number, hours = 0) => ({ years: 0, months: 0, days, hours });
  return {
    last: 1,
    ...(rules.keepAllHours > 0 ? { within: span(0, rules.keepAllHours) } : {}),
    ...(rules.hourlyForHours > 0 ? { withinHourly: span(0, rules.hourlyForHours) } : {}),
    ...(rules.dailyForDays > 0 ? { withinDaily: span(rules.dailyForDays) } : {}),
    ...(rules.weeklyForWeeks > 0 ? { withinWeekly: span(rules.weeklyForWeeks * 7) } : {}),
    ...(rules.monthlyForMonths > 0
      ? { withinMonthly: { years: 0, months: rules.monthlyForMonths, days: 0, hours: 0 } }
      : {}),
  };
}
