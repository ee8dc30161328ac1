/** A person's outlook in plain words. */
import type { Forecast, LevelChange, OutlookMeasure, UnusualDay, WorkWeek } from '../api/shapes';
import { count, duration, figure, percent } from './numbers';
import { longDay } from './times';

export const MEASURES: Record<OutlookMeasure, string> = {
  focus_ms: 'Focus time',
  load: 'Interruption load',
  active_ms: 'Active time',
  after_hours_ms: 'Work outside working hours',
  meeting_ms: 'Meetings',
};

export function amount(measure: OutlookMeasure, value: number | null, locale?: string): string {
  return measure === 'load' ? figure(value, locale) : duration(value, locale);
}

/** What a forecast was worth on the days that are over. */
export function trust({ measure, backtest, level }: Forecast, locale?: string): string {
  const { forecasts, days, mean_error, mean_error_same_weekday, beats_same_weekday, coverage } = backtest;
  const off = amount(measure, beats_same_weekday ? mean_error : mean_error_same_weekday, locale);
  const other = amount(measure, beats_same_weekday ? mean_error_same_weekday : mean_error, locale);
  const tried = `Tried on ${count(days, locale)} of your past days, ${count(forecasts, locale)} forecasts`;
  const error = beats_same_weekday
    ? `${tried}: off by ${off} on average; the same weekday last week would have been off by ${other}.`
    : `${tried}: nothing was better than the same weekday last week, so that is what you see. It was off by ${off} on average, the level of your last weeks by ${other}.`;
  if (coverage === null) return `${error} How often the band holds is not known yet; it is meant for ${percent(level, locale)} of days.`;
  return `${error} The band held on ${percent(coverage, locale)} of days; it is meant for ${percent(level, locale)}.`;
}

export function changeWords({ measure, day, before, after }: LevelChange, locale?: string): string {
  const way = after > before ? 'up' : 'down';
  return `${MEASURES[measure]} went ${way} from ${amount(measure, before, locale)} to ${amount(measure, after, locale)} a workday, from about ${longDay(day)} on.`;
}

export function unusualWords({ measure, day, value, usual }: UnusualDay, locale?: string): string {
  return `${longDay(day)}: ${amount(measure, value, locale)} of ${MEASURES[measure].toLowerCase()}, where ${amount(measure, usual, locale)} was usual.`;
}

const PATTERNS: Record<NonNullable<WorkWeek['pattern']>, string> = {
  low: 'Few hours',
  standard_continuous: 'Usual hours',
  standard_flexible: 'Usual hours, with breaks',
  long_flexible: 'Long, with breaks',
  long_continuous: 'Long, without a break',
  always_on: 'Always on',
};

const TIMES: Record<NonNullable<WorkWeek['time_of_day']>, string | null> = {
  standard: null,
  morning: 'early',
  evening: 'into the evening',
  overnight: 'mostly outside working hours',
};

/** How much a week asked for: 0 not known, 1 few or usual, 2 long, 3 always on. */
export function weight({ pattern }: WorkWeek): 0 | 1 | 2 | 3 {
  if (pattern === null) return 0;
  if (pattern === 'always_on') return 3;
  return pattern.startsWith('long') ? 2 : 1;
}

export function patternWords({ pattern, time_of_day, within_schedule }: WorkWeek): string {
  if (pattern === null) return 'Not enough to say';
  const time = time_of_day === null ? null : TIMES[time_of_day];
  return [PATTERNS[pattern], time ?? (within_schedule === false ? 'partly at other hours' : null)].filter(Boolean).join(', ');
}

/** The figures that the rule used. */
export function weekFigures(week: WorkWeek, locale?: string): string {
  if (week.active_hours === null) return `${count(week.workdays, locale)} ${week.workdays === 1 ? 'day' : 'days'} worked`;
  const hours = (n: number | null) => `${count(n, locale)} ${n === 1 ? 'hour' : 'hours'}`;
  const breaks = week.break_hours === 0 ? 'none empty' : `${hours(week.break_hours)} empty`;
  return `${hours(week.active_hours)} of the clock, ${breaks}; long from ${count((week.expected_hours ?? 0) + 1, locale)}; ${percent(week.inside, locale)} inside working hours`;
}
